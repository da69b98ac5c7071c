import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, Server as TlsServer } from "node:tls";
import koffi from "koffi";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { nativeFormat } from "../formats/native.ts";
import type { SpoolRecord } from "../record.ts";
import { SyslogSink, type SyslogTarget } from "./syslog.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-syslog-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;

function record(seq: number, filler = ""): SpoolRecord {
  const rule = { id: `rule é ${"x".repeat(40)}`, tags: { severity: "high" } };
  const event = {
    id: String(seq),
    time: "2026-01-02T03:04:05.678Z",
    host: "web 1",
    event: { type: "open" },
    rule,
    filler,
  };
  return { seq, payload: Buffer.from(JSON.stringify({ ...event, path: "/etc/naïve\n" })) };
}

const sinkTo = (target: SyslogTarget, caFile?: string): SyslogSink =>
  new SyslogSink(
    {
      target,
      facility: "audit",
      appName: "weir",
      timeoutMs: 2000,
      tls: { caFile, certFile: undefined, keyFile: undefined },
    },
    nativeFormat,
  );

/** Header and message of RFC 5424, section 6. */
const MESSAGE =
  /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ((?:\[[^\]]+\])+|-) (.*)$/su;

function parse(message: string) {
  const [, priority, time, host, app, , id, data, text = ""] = MESSAGE.exec(message) ?? [];
  return { priority: Number(priority), time, host, app, id, data, event: JSON.parse(text) as { id: string } };
}

const idsOf = (messages: readonly string[]): number[] => messages.map((message) => Number(parse(message).event.id));

/** Messages by their count of octets; a part of one stays. */
function counted(data: Buffer): { messages: string[]; rest: Buffer } {
  const messages: string[] = [];
  let rest = data;
  for (;;) {
    const space = rest.indexOf(" ");
    const length = Number(rest.toString("ascii", 0, Math.max(0, space)));
    if (space < 1 || rest.length < space + 1 + length) return { messages, rest };
    messages.push(rest.toString("utf8", space + 1, space + 1 + length));
    rest = rest.subarray(space + 1 + length);
  }
}

interface Receiver {
  readonly port: number;
  readonly messages: string[];
  readonly sockets: Socket[];
  readonly server: Server;
}

async function listen(server: Server, port = 0): Promise<Receiver> {
  const messages: string[] = [];
  const sockets: Socket[] = [];
  // A TLS server tells of a connection twice, first of the one below.
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    sockets.push(socket);
    let data: Buffer = Buffer.alloc(0);
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        const result = counted(Buffer.concat([data, chunk]));
        messages.push(...result.messages);
        data = result.rest;
      });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, messages, sockets, server };
}

const tcp = (port: number): SyslogTarget => ({ transport: "tcp", host: "127.0.0.1", port, framing: "octet-counting" });

test("TCP: counted messages of RFC 5424, in order", async () => {
  const receiver = await listen(createServer());
  const sink = sinkTo(tcp(receiver.port));
  await sink.deliver([record(0), record(1)], signal);
  await sink.deliver([record(2)], signal);
  await vi.waitFor(() => expect(idsOf(receiver.messages)).toEqual([0, 1, 2]));
  expect(parse(receiver.messages[0] ?? "")).toMatchObject({
    priority: 13 * 8 + 3,
    time: "2026-01-02T03:04:05.678Z",
    host: "web1",
    app: "weir",
    id: `rule${"x".repeat(28)}`,
    data: expect.stringMatching(/^\[origin software="weir" swVersion="[\d.]+"\]$/),
    event: { path: "/etc/naïve\n" },
  });
  await sink.close();
  receiver.server.close();
});

test("TCP: a line feed after each message where the receiver counts no octets", async () => {
  const server = createServer((socket) => socket.on("data", (chunk) => lines.push(...chunk.toString().split("\n"))));
  const lines: string[] = [];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sink = sinkTo({
    transport: "tcp",
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    framing: "newline",
  });
  await sink.deliver([record(0), record(1)], signal);
  await vi.waitFor(() => expect(lines).toHaveLength(3));
  expect(idsOf(lines.slice(0, 2))).toEqual([0, 1]);
  await sink.close();
  server.close();
});

test("TCP: what may have been lost with a connection is sent again over the next", async () => {
  const first = await listen(createServer());
  const sink = sinkTo(tcp(first.port));
  await sink.deliver([record(0)], signal);
  await vi.waitFor(() => expect(first.messages).toHaveLength(1));
  // Nobody reads what comes now.
  first.sockets[0]?.pause();
  await sink.deliver([record(1), record(2)], signal);
  first.sockets[0]?.resetAndDestroy();
  await new Promise((resolve) => first.server.close(resolve));
  await vi.waitFor(() => expect(sink.deliver([record(3)], signal)).rejects.toThrow(/ECONNREFUSED/));
  await expect(sink.deliver([record(3)], signal)).rejects.toMatchObject({ name: "UnreachableError" });
  const second = await listen(createServer(), first.port);
  await sink.deliver([record(3)], signal);
  await vi.waitFor(() => expect(idsOf(second.messages)).toEqual([0, 1, 2, 3]));
  await sink.close();
  second.server.close();
});

test("TCP: a receiver that reads nothing is unreachable after a time, and keeps nobody waiting", async () => {
  const server = createServer((socket) => socket.pause());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sink = sinkTo(tcp((server.address() as AddressInfo).port));
  const big = record(0, "x".repeat(16 << 20));
  await expect(sink.deliver([big], signal)).rejects.toThrow(/not written in time/);
  await sink.close();
  server.close();
});

test("TLS: by the receiver's authority, and nobody else's", async () => {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...made, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  const receiver = await listen(createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }));
  const target: SyslogTarget = { transport: "tls", host: "localhost", port: receiver.port, framing: "octet-counting" };
  const sink = sinkTo(target, cert);
  await sink.deliver([record(0)], signal);
  await vi.waitFor(() => expect(idsOf(receiver.messages)).toEqual([0]));
  await sink.close();
  const stranger = sinkTo(target);
  await expect(stranger.deliver([record(1)], signal)).rejects.toThrow(/self-signed certificate/);
  await stranger.close();
  receiver.server.close();
});

test("UDP: a message a datagram; one that fits none is refused", async () => {
  const socket = createSocket("udp4");
  const messages: string[] = [];
  socket.on("message", (message) => messages.push(message.toString()));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const sink = sinkTo({ transport: "udp", host: "127.0.0.1", port: socket.address().port });
  await sink.deliver([record(0), record(1)], signal);
  await vi.waitFor(() => expect(idsOf(messages)).toEqual([0, 1]));
  await expect(sink.deliver([record(2, "x".repeat(70_000))], signal)).rejects.toMatchObject({ name: "RefusedError" });
  await sink.close();
  socket.close();
});

test("local datagrams, as /dev/log takes them; the queue may be full for a while, the socket may come later", async () => {
  const path = join(folder, "log");
  const sink = sinkTo({ transport: "unix", path });
  await expect(sink.deliver([record(0)], signal)).rejects.toThrow(/log: connect: .*\(ENOENT\)/);
  const libc = koffi.load("libc.so.6");
  const bind = libc.func("int bind(int fd, const void *address, uint32_t bytes)");
  const receive = libc.func("int64_t recv(int fd, void *data, size_t bytes, int flags)");
  const fd = libc.func("int socket(int domain, int type, int protocol)")(1, 2, 0) as number;
  const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(`${path}\0`)]);
  expect(bind(fd, address, address.length)).toBe(0);
  const messages: string[] = [];
  const data = Buffer.alloc(65_536);
  const timer = setInterval(() => {
    const bytes = Number(receive(fd, data, data.length, 0x40));
    if (bytes > 0) messages.push(data.toString("utf8", 0, bytes));
  }, 1);
  const numbers = Array.from({ length: 200 }, (_, i) => i);
  await sink.deliver(
    numbers.map((n) => record(n)),
    signal,
  );
  await vi.waitFor(() => expect(idsOf(messages)).toEqual(numbers));
  clearInterval(timer);
  libc.func("int close(int fd)")(fd);
  await expect(sink.deliver([record(0)], signal)).rejects.toThrow(/ECONNREFUSED/);
  await sink.close();
});
