/**
 * Bytes into a TCP or TLS connection whose other end acknowledges nothing.
 *
 * Invariant: what was written within the last half minute, up to 256 KiB, is written again first when a connection has
 * ended by itself: so much may have been on its way.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { readTls, type TlsFiles } from "./tls.ts";

const WINDOW_BYTES_MAX = 256 << 10;
const WINDOW_MS = 30_000;

export interface StreamOptions {
  readonly host: string;
  readonly port: number;
  /** undefined: no TLS. */
  readonly tls: TlsFiles | undefined;
  readonly timeoutMs: number;
}

export class StreamWriter {
  readonly #options: StreamOptions;
  #socket: Socket | undefined;
  /** What may not have arrived, oldest first. */
  #window: { readonly data: Buffer; readonly atMs: number }[] = [];

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** @throws the system's error, or that of a limit of time */
  async write(data: Buffer, signal: AbortSignal): Promise<void> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    let socket = this.#socket;
    if (!socket || socket.destroyed || !socket.writable) {
      socket = await this.#connect(late);
      const since = performance.now() - WINDOW_MS;
      const again = this.#window.filter(({ atMs }) => atMs >= since).map((written) => written.data);
      if (again.length > 0) await flush(socket, Buffer.concat(again), late);
    }
    await flush(socket, data, late);
    this.#remember(data);
  }

  #remember(data: Buffer): void {
    const since = performance.now() - WINDOW_MS;
    this.#window = [...this.#window.filter(({ atMs }) => atMs >= since), { data, atMs: performance.now() }];
    let bytes = this.#window.reduce((sum, written) => sum + written.data.length, 0);
    // The newest batch stays whatever its size.
    while (bytes > WINDOW_BYTES_MAX && this.#window.length > 1) bytes -= this.#window.shift()?.data.length ?? 0;
  }

  async #connect(late: AbortSignal): Promise<Socket> {
    this.#socket?.destroy();
    const { host, port, tls } = this.#options;
    const socket = tls
      ? connectTls({ host, port, servername: host, ...(await readTls(tls)) })
      : connectTcp({ host, port });
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket
      .once(tls ? "secureConnect" : "connect", resolve)
      .once("error", reject)
      .once("close", () => reject(CLOSED));
    await within(promise, late, socket);
    // Later failures show in what is written next.
    socket
      .on("error", () => undefined)
      .on("end", () => socket.destroy())
      .resume();
    socket.setKeepAlive(true, 30_000);
    return socket;
  }

  close(): void {
    this.#socket?.end();
    this.#socket?.unref();
    this.#socket = undefined;
  }
}

const CLOSED = new Error("the connection was closed");

function flush(socket: Socket, data: Buffer, late: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = (): void => reject(CLOSED);
  socket.once("close", closed);
  socket.write(data, (error) => (error ? reject(error) : resolve()));
  return within(promise, late, socket).finally(() => socket.removeListener("close", closed));
}

/** Waits for it; when the signal comes first, the connection is of no use any more. */
async function within(promise: Promise<void>, late: AbortSignal, socket: Socket): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error("not written in time"));
  late.addEventListener("abort", abort, { once: true });
  try {
    if (late.aborted) abort();
    await Promise.race([promise, aborted]);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    late.removeEventListener("abort", abort);
  }
}
