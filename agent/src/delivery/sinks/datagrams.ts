/**
 * Messages as datagrams: over UDP, and to a local socket, which Node does not offer, through libc.
 */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { getSystemErrorMap } from "node:util";
import koffi from "koffi";
import { sleep } from "../backoff.ts";

export interface SendLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Datagrams {
  /** @throws the system's error, with its `code` */
  send(message: Buffer, limits: SendLimits): Promise<void>;
  close(): void;
}

/** @throws the system's error when the name is not known */
export async function udpDatagrams({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<Datagrams> {
  const { address } = await lookup(host);
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  // Connected, so that the system tells when nobody listens: at the next message.
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  socket.unref();
  await new Promise<void>((resolve) => socket.connect(port, address, resolve));
  return {
    send: (message) =>
      failure
        ? Promise.reject(failure)
        : new Promise((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve()))),
    close: () => void socket.close(),
  };
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
/** The path in `struct sockaddr_un`, its terminating 0 included. */
const PATH_BYTES_MAX = 108;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** How long to wait when the receiver's queue is full. */
const FULL_MS = 5;

let calls: ReturnType<typeof loadCalls> | undefined;
function loadCalls() {
  const libc = koffi.load("libc.so.6");
  return {
    socket: libc.func("int socket(int domain, int type, int protocol)"),
    connect: libc.func("int connect(int fd, const void *address, uint32_t bytes)"),
    send: libc.func("int64_t send(int fd, const void *data, size_t bytes, int flags)"),
    close: libc.func("int close(int fd)"),
  };
}

function systemError(call: string): NodeJS.ErrnoException {
  const errno = koffi.errno();
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
  return Object.assign(new Error(`${call}: ${text} (${code})`), { code });
}

/** @throws the system's error when nobody listens there */
export function localDatagrams(path: string): Datagrams {
  calls ??= loadCalls();
  const { socket, connect, send, close } = calls;
  const name = Buffer.from(path);
  if (name.length >= PATH_BYTES_MAX)
    throw new RangeError(`a socket's path of ${name.length} bytes, expected at most ${PATH_BYTES_MAX - 1}`);
  const address = Buffer.alloc(2 + PATH_BYTES_MAX);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number;
  if (fd < 0) throw systemError("socket");
  if ((connect(fd, address, 2 + name.length + 1) as number) < 0) {
    const error = systemError("connect");
    close(fd);
    throw error;
  }
  return {
    async send(message, { timeoutMs, signal }) {
      const end = performance.now() + timeoutMs;
      for (;;) {
        if (Number(send(fd, message, message.length, MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0) return;
        const error = systemError("send");
        if (error.code !== "EAGAIN" || performance.now() > end || signal.aborted) throw error;
        await sleep(FULL_MS, signal);
      }
    },
    close: () => void close(fd),
  };
}
