import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nativeFormat } from "../formats/native.ts";
import { deliveryLoss } from "../losses.ts";
import type { SpoolRecord } from "../record.ts";
import { type AnyValue, anyValue, OtlpSink } from "./otlp.ts";

let server: Server;
let url: string;
let status = 200;
let reply = "{}";
const bodies: unknown[] = [];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    expect(request.headers["content-type"]).toBe("application/json");
    bodies.push(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()));
    response.writeHead(status, { "content-type": "application/json" }).end(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const EVENT = {
  ...{ id: "e1", time: "2026-01-02T03:04:05.678Z", host: "h", tenant: "acme", generation: 7, ratio: 0.5 },
  rule: { id: "secret", tags: { severity: "critical" } },
  ...{ event: { type: "open", created: false }, list: ["a", 1], nothing: null, half: 0.5 },
};
const records: SpoolRecord[] = [
  { seq: 0, payload: Buffer.from(JSON.stringify(EVENT)) },
  { seq: 1, payload: Buffer.from(JSON.stringify(deliveryLoss("x", { "spool full": 2 }, { fromMs: 0, toMs: 1 }))) },
];
const signal = new AbortController().signal;
const sink = (): OtlpSink =>
  new OtlpSink(
    {
      ...{ url, headers: {}, tokenFile: undefined, gzip: true, timeoutMs: 5000 },
      tls: { caFile: undefined, certFile: undefined, keyFile: undefined },
    },
    nativeFormat,
  );

/** What an AnyValue of the protocol stands for; throws for what is none. */
function plain(value: AnyValue): unknown {
  const [[kind, content] = ["nothing", undefined], ...more] = Object.entries(value);
  expect(more).toEqual([]);
  switch (kind) {
    case "nothing":
      return null;
    case "stringValue":
    case "boolValue":
    case "doubleValue":
      return content;
    case "intValue":
      expect(content).toMatch(/^-?\d+$/);
      return Number(content);
    case "arrayValue":
      return (content as { values: AnyValue[] }).values.map(plain);
    case "kvlistValue":
      return attributes((content as { values: { key: string; value: AnyValue }[] }).values);
    default:
      throw new Error(`${kind} is no kind of AnyValue`);
  }
}

const attributes = (list: readonly { key: string; value: AnyValue }[]): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));

type Request = {
  resourceLogs: {
    resource: { attributes: { key: string; value: AnyValue }[] };
    scopeLogs: {
      scope: { name: string; version: string };
      logRecords: Record<string, unknown>[];
    }[];
  }[];
};

test("an export request of log records, with the event as body", async () => {
  const before = BigInt(Date.now()) * 1_000_000n;
  expect(await sink().deliver(records, signal)).toEqual({ rejected: 0 });
  const request = bodies.at(-1) as Request;
  expect(Object.keys(request)).toEqual(["resourceLogs"]);
  const [{ resource, scopeLogs } = expect.fail()] = request.resourceLogs;
  expect(attributes(resource.attributes)).toMatchObject({ "service.name": "weir-agent" });
  const [{ scope, logRecords } = expect.fail()] = scopeLogs;
  expect(scope.name).toBe("weir");
  const [detection = {}, loss = {}] = logRecords;
  expect(plain(detection["body"] as AnyValue)).toEqual(EVENT);
  expect(detection).toMatchObject({
    timeUnixNano: "1767323045678000000",
    severityNumber: 21,
    severityText: "FATAL",
    eventName: "weir.detection",
  });
  expect(BigInt(detection["observedTimeUnixNano"] as string)).toBeGreaterThanOrEqual(before);
  expect(attributes(detection["attributes"] as never)).toEqual({
    "log.record.uid": "e1",
    "weir.rule": "secret",
    "weir.tenant": "acme",
  });
  expect(loss).toMatchObject({ eventName: "weir.loss", severityNumber: 13 });
  // LogRecord of opentelemetry/proto/logs/v1, in the JSON of Protocol Buffers: nothing else has these names.
  const known = [
    "timeUnixNano",
    "observedTimeUnixNano",
    "severityNumber",
    "severityText",
    "eventName",
    "body",
    "attributes",
  ];
  for (const record of logRecords) expect(known).toEqual(expect.arrayContaining(Object.keys(record)));
});

test("integers beyond 53 bits do not come here as numbers, and others are strings", () => {
  expect(anyValue(5)).toEqual({ intValue: "5" });
  expect(anyValue(0.5)).toEqual({ doubleValue: 0.5 });
  expect(anyValue(undefined)).toEqual({});
});

test("records that the receiver threw away are told, and not sent again", async () => {
  reply = JSON.stringify({ partialSuccess: { rejectedLogRecords: "1", errorMessage: "too old" } });
  expect(await sink().deliver(records, signal)).toEqual({ rejected: 1, reason: "too old" });
  reply = "not JSON";
  expect(await sink().deliver(records, signal)).toEqual({ rejected: 0 });
});

test.each([
  [429, "UnreachableError"],
  [502, "UnreachableError"],
  [503, "UnreachableError"],
  [504, "UnreachableError"],
  [401, "UnreachableError"],
  [404, "UnreachableError"],
  [400, "RefusedError"],
  [413, "RefusedError"],
  [500, "RefusedError"],
])("answer %i is a %s", async (code, name) => {
  status = code;
  await expect(sink().deliver(records, signal)).rejects.toMatchObject({ name });
});
