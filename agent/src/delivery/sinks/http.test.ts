import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { Courier } from "../courier.ts";
import { nativeFormat } from "../formats/native.ts";
import type { SpoolRecord } from "../record.ts";
import { UnreachableError } from "../sink.ts";
import { Spool } from "../spool.ts";
import { HttpSink } from "./http.ts";
import { retryAfterMs } from "./poster.ts";

interface Seen {
  readonly headers: IncomingMessage["headers"];
  readonly numbers: readonly number[];
}

let folder: string;
let server: Server;
let url: string;
let seen: Seen[] = [];
/** What the receiver answers, by what it got. */
let answer: (numbers: readonly number[], response: ServerResponse) => void;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "weir-http-"));
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
    const numbers = text.split("\n").flatMap((line) => (line === "" ? [] : [Number(JSON.parse(line).n)]));
    seen.push({ headers: request.headers, numbers });
    answer(numbers, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  seen = [];
});

const ok = (_: readonly number[], response: ServerResponse): void => void response.writeHead(204).end();
const records = (n: number): SpoolRecord[] =>
  Array.from({ length: n }, (_, i) => ({ seq: i, payload: Buffer.from(JSON.stringify({ n: i })) }));
const numbers = (n: number): number[] => records(n).map(({ seq }) => seq);
const signal = new AbortController().signal;

const sinkTo = (to: string, options: { tokenFile?: string; gzip?: boolean; timeoutMs?: number } = {}): HttpSink =>
  new HttpSink(
    {
      url: to,
      headers: { "x-site": "a" },
      tokenFile: options.tokenFile,
      gzip: options.gzip ?? true,
      timeoutMs: options.timeoutMs ?? 5000,
      tls: { caFile: undefined, certFile: undefined, keyFile: undefined },
    },
    nativeFormat,
  );

test("a batch is one request of compressed lines, with the token of the moment", async () => {
  answer = ok;
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, "first\n");
  const sink = sinkTo(url, { tokenFile });
  await sink.deliver(records(3), signal);
  writeFileSync(tokenFile, "second\n");
  await sink.deliver(records(1), signal);
  await sink.close();
  expect(seen.map(({ numbers: got }) => got)).toEqual([[0, 1, 2], [0]]);
  expect(seen[0]?.headers).toMatchObject({
    "content-type": "application/x-ndjson",
    "content-encoding": "gzip",
    authorization: "Bearer first",
    "x-site": "a",
  });
  expect(seen[1]?.headers.authorization).toBe("Bearer second");
});

test("without compression the lines are plain", async () => {
  answer = ok;
  const sink = sinkTo(url, { gzip: false });
  await sink.deliver(records(2), signal);
  await sink.close();
  expect(seen[0]?.headers["content-encoding"]).toBeUndefined();
  expect(seen[0]?.numbers).toEqual([0, 1]);
});

test.each([
  [400, "RefusedError"],
  [413, "RefusedError"],
  [422, "RefusedError"],
  [301, "UnreachableError"],
  [401, "UnreachableError"],
  [403, "UnreachableError"],
  [404, "UnreachableError"],
  [408, "UnreachableError"],
  [429, "UnreachableError"],
  [500, "UnreachableError"],
  [503, "UnreachableError"],
])("answer %i is a %s that quotes it", async (status, name) => {
  answer = (_, response) => void response.writeHead(status, { "retry-after": "7" }).end("no\n\u001b[31m thanks");
  const sink = sinkTo(url);
  const error = await sink.deliver(records(1), signal).catch((caught: Error) => caught);
  expect(error).toMatchObject({ name, message: `answer ${status}: no [31m thanks` });
  if (error instanceof UnreachableError) expect(error.retryAfterMs).toBe(7000);
  await sink.close();
});

test("nobody there, no answer in time, an answer that is cut: unreachable", async () => {
  const silent = createTcpServer(() => undefined);
  const rude = createTcpServer((socket) => socket.end("HTTP/1.1 204 No"));
  for (const tcp of [silent, rude]) await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const at = (tcp: typeof silent): string => `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/`;
  const failure = async (to: string): Promise<string> => {
    const sink = sinkTo(to, { timeoutMs: 200 });
    const error = await sink.deliver(records(1), signal).catch((caught: Error) => caught);
    await sink.close();
    expect(error).toBeInstanceOf(UnreachableError);
    return (error as Error).message;
  };
  expect(await failure("http://127.0.0.1:1/")).toMatch(/^http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/);
  expect(await failure(at(silent))).toMatch(/no answer within 200 ms$/);
  expect(await failure(at(rude))).toMatch(/http/);
  for (const tcp of [silent, rude]) tcp.close();
});

test("a missing token file is told, and nothing is sent", async () => {
  const sink = sinkTo(url, { tokenFile: join(folder, "absent") });
  await expect(sink.deliver(records(1), signal)).rejects.toThrow(/absent/);
  expect(seen).toEqual([]);
});

test("what one poisons reaches the receiver without it, in order; Retry-After holds the rest back", async () => {
  let busy = 1;
  const taken: number[] = [];
  answer = (got, response) => {
    if (busy-- > 0) return void response.writeHead(429, { "retry-after": "1" }).end();
    if (got.includes(11)) return void response.writeHead(400).end("11 is bad");
    taken.push(...got);
    response.writeHead(200).end();
  };
  const spool = await Spool.open({
    ...{ directory: undefined, bytesMax: 0, memoryBytesMax: 1 << 20, syncMs: 0 },
    cursors: () => ({}),
  });
  const limit = { recordsMax: 50, bytesMax: 1 << 20 };
  const started = performance.now();
  const courier = new Courier({ name: "http", sink: sinkTo(url), spool, limit, lingerMs: 10, onLost: () => undefined });
  for (const { payload } of records(40)) spool.append(payload);
  await vi.waitFor(() => expect(courier.status.queued).toBe(0), { timeout: 10_000 });
  expect(performance.now() - started).toBeGreaterThanOrEqual(1000);
  expect(taken).toEqual(numbers(40).filter((n) => n !== 11));
  expect(courier.status).toMatchObject({ delivered: 39, dropped: 1, last_error: { message: "answer 400: 11 is bad" } });
  // The batch that waited is the one that was refused first.
  expect(seen[1]?.numbers).toEqual(seen[0]?.numbers);
  await courier.stop(0);
  await courier.close();
});

test("Retry-After is seconds or a date", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfterMs("120", nowMs)).toBe(120_000);
  expect(retryAfterMs("Thu, 01 Jan 2026 00:01:00 GMT", nowMs)).toBe(60_000);
  expect(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", nowMs)).toBe(0);
  expect(retryAfterMs("soon", nowMs)).toBeUndefined();
  expect(retryAfterMs(undefined, nowMs)).toBeUndefined();
});
