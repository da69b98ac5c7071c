import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { Courier } from "../courier.ts";
import { nativeFormat } from "../formats/native.ts";
import type { SpoolRecord } from "../record.ts";
import { Spool } from "../spool.ts";
import { type KafkaOptions, KafkaSink } from "./kafka.ts";

const TOPIC = "detections";

/**
 * The broker that librdkafka has for tests, another implementation of the protocol than the client's, and its consumer:
 * kcat runs both. It keeps records in memory, and knows neither TLS nor SASL.
 */
class Kafka {
  readonly #child: ChildProcess;
  readonly address: Promise<string>;
  /** `PARTITION KEY VALUE` of what came. */
  readonly lines: string[] = [];

  constructor() {
    const broker = ["-X", "test.mock.num.brokers=1", "-d", "mock", "-b", "ignored"];
    this.#child = spawn("kcat", ["-C", "-u", "-t", TOPIC, "-f", "%p %k %s\n", ...broker]);
    let rest = "";
    this.#child.stdout?.on("data", (chunk) => {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.address = promise;
    this.#child.once("exit", (code) => reject(new Error(`kcat has ended with ${code}`)));
    this.#child.stderr?.on("data", (chunk) => {
      const found = /bootstrap\.servers=(\S+)/.exec(String(chunk));
      if (found) resolve(found[1] as string);
    });
  }

  get numbers(): number[] {
    return this.lines.map((line) => Number(JSON.parse(line.slice(line.indexOf("{"))).n));
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await ended;
  }
}

let kafka: Kafka;
beforeAll(() => {
  const install = fileURLToPath(new URL("../../../../test/kafka/install.sh", import.meta.url));
  execFileSync("sh", [install], { stdio: ["ignore", "inherit", "inherit"] });
  kafka = new Kafka();
});
afterAll(() => kafka.stop());
afterEach(() => {
  kafka.lines.length = 0;
});

const signal = new AbortController().signal;
const records = (from: number, to: number): SpoolRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({
    seq: from + i,
    payload: Buffer.from(JSON.stringify({ n: from + i })),
  }));
const numbers = (from: number, to: number): number[] => records(from, to).map(({ seq }) => seq);
const sinkTo = (broker: string, options: Partial<KafkaOptions> = {}): KafkaSink =>
  new KafkaSink(
    {
      ...{ brokers: [broker], topic: TOPIC, compression: "none", tls: undefined, sasl: undefined, timeoutMs: 2000 },
      ...options,
    },
    nativeFormat,
  );

test.each(["none", "gzip"] as const)(
  "compression %s: another consumer reads all, in order, in one partition",
  async (compression) => {
    const sink = sinkTo(await kafka.address, { compression });
    for (let n = 0; n < 500; n += 100) await sink.deliver(records(n, n + 100), signal);
    await vi.waitFor(() => expect(kafka.numbers).toEqual(numbers(0, 500)), { timeout: 10_000 });
    expect(new Set(kafka.lines.map((line) => line.slice(0, line.indexOf("{")))).size).toBe(1);
    await sink.close();
  },
);

test("nobody there, and somebody who is no broker: unreachable", async () => {
  const stranger = createServer((socket) => socket.end("220 smtp\r\n").on("error", () => undefined));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const port = (stranger.address() as AddressInfo).port;
  for (const [broker, problem] of [["127.0.0.1:1", /ECONNREFUSED/] as const, [`127.0.0.1:${port}`, /./] as const]) {
    const sink = sinkTo(broker, { timeoutMs: 500 });
    const error = (await sink.deliver(records(0, 1), signal).catch((caught: Error) => caught)) as Error;
    expect(error.name).toBe("UnreachableError");
    expect(error.message).toMatch(problem);
    expect(error.message.startsWith(`${broker}: `)).toBe(true);
    await sink.close();
  }
  stranger.close();
});

test("with TLS and a login: the connection begins with a handshake, and the password is read from its file", async () => {
  const begun = Promise.withResolvers<number>();
  const server = createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", (data) => {
        begun.resolve(data[0] as number);
        socket.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const broker = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tls = { caFile: undefined, certFile: undefined, keyFile: undefined };
  const sasl = { mechanism: "SCRAM-SHA-512", username: "weir", passwordFile: fileURLToPath(import.meta.url) } as const;
  const sink = sinkTo(broker, { tls, sasl, timeoutMs: 1000 });
  await expect(sink.deliver(records(0, 1), signal)).rejects.toMatchObject({ name: "UnreachableError" });
  // The type of a TLS record that is a handshake.
  expect(await begun.promise).toBe(22);
  await sink.close();
  const absent = sinkTo(broker, { sasl: { ...sasl, passwordFile: "/absent" } });
  await expect(absent.deliver(records(0, 1), signal)).rejects.toThrow(/ENOENT.*\/absent/);
  server.close();
});

test("while the broker is away records wait, and reach the next one in order", async () => {
  const spool = await Spool.open({
    ...{ directory: undefined, bytesMax: 0, memoryBytesMax: 1 << 20, syncMs: 0 },
    cursors: () => ({}),
  });
  const sinks = [sinkTo("127.0.0.1:1"), sinkTo(await kafka.address)];
  let attempts = 0;
  const sink = {
    // The first two attempts go to where nobody is.
    deliver: (batch: readonly SpoolRecord[]) => (sinks[attempts++ < 2 ? 0 : 1] as KafkaSink).deliver(batch, signal),
    close: () => Promise.resolve(),
  };
  const limit = { recordsMax: 10, bytesMax: 1 << 20 };
  const courier = new Courier({ name: "kafka", sink, spool, limit, lingerMs: 0, onLost: () => undefined });
  for (const { payload } of records(0, 50)) spool.append(payload);
  await vi.waitFor(() => expect(kafka.numbers).toEqual(numbers(0, 50)), { timeout: 20_000 });
  expect(courier.status).toMatchObject({ delivered: 50, dropped: 0 });
  await courier.stop(0);
  for (const other of sinks) await other.close();
});
