/**
 * Messages of RFC 5424 over TCP, TLS (RFC 5425), UDP (RFC 5426) or a local datagram socket such as /dev/log.
 *
 * Syslog has no acknowledgements: a message counts as delivered when the system has taken it. Over a stream, what was
 * written in the last moments before a connection broke is sent again over the next one; over UDP nothing can be known.
 */
import type { SpoolRecord } from "../record.ts";
import { type Format, type Receipt, RefusedError, type Sink, TAKEN, UnreachableError } from "../sink.ts";
import { type Datagrams, localDatagrams, udpDatagrams } from "./datagrams.ts";
import { StreamWriter } from "./stream-writer.ts";
import { type Framing, frame, type MessageOptions, syslogMessage } from "./syslog-message.ts";
import type { TlsFiles } from "./tls.ts";

export type SyslogTarget =
  | { readonly transport: "udp"; readonly host: string; readonly port: number }
  | { readonly transport: "tcp" | "tls"; readonly host: string; readonly port: number; readonly framing: Framing }
  | { readonly transport: "unix"; readonly path: string };

export interface SyslogOptions extends MessageOptions {
  readonly target: SyslogTarget;
  readonly tls: TlsFiles;
  readonly timeoutMs: number;
}

export class SyslogSink implements Sink {
  readonly #options: SyslogOptions;
  readonly #format: Format;
  readonly #stream: StreamWriter | undefined;
  #datagrams: Datagrams | undefined;

  constructor(options: SyslogOptions, format: Format) {
    this.#options = options;
    this.#format = format;
    const { target, tls, timeoutMs } = options;
    if (target.transport === "tcp" || target.transport === "tls") {
      const { host, port } = target;
      this.#stream = new StreamWriter({ host, port, tls: target.transport === "tls" ? tls : undefined, timeoutMs });
    }
  }

  async deliver(records: readonly SpoolRecord[], signal: AbortSignal): Promise<Receipt> {
    const messages = records.map(({ payload }) => syslogMessage(payload, this.#format, this.#options));
    const { target } = this.#options;
    try {
      if (this.#stream && "framing" in target)
        await this.#stream.write(Buffer.concat(messages.map((message) => frame(message, target.framing))), signal);
      else await this.#send(messages, signal);
    } catch (error) {
      if (error instanceof RefusedError) throw error;
      throw new UnreachableError(`${placeOf(target)}: ${(error as Error).message}`, { cause: error });
    }
    return TAKEN;
  }

  async #send(messages: readonly string[], signal: AbortSignal): Promise<void> {
    const { target, timeoutMs } = this.#options;
    this.#datagrams ??=
      target.transport === "unix"
        ? localDatagrams(target.path)
        : await udpDatagrams(target as { host: string; port: number });
    try {
      for (const message of messages) await this.#datagrams.send(Buffer.from(message), { timeoutMs, signal });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EMSGSIZE")
        throw new RefusedError(`${placeOf(target)}: a message is too long for a datagram`, { cause: error });
      this.#datagrams.close();
      this.#datagrams = undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    this.#stream?.close();
    this.#datagrams?.close();
    this.#datagrams = undefined;
    return Promise.resolve();
  }
}

const placeOf = (target: SyslogTarget): string =>
  target.transport === "unix" ? target.path : `${target.transport} ${target.host}:${target.port}`;
