/**
 * Messages to a Kafka topic. A batch is delivered when all in-sync replicas have it. All messages of a host have its name
 * as key, so that they are in one partition, in order; what came twice is told by the event's id.
 *
 * The client is loaded when there is such an output, and made anew after a failure.
 */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import type { Producer } from "@platformatic/kafka";
import type { SpoolRecord } from "../record.ts";
import { type Format, type Receipt, RefusedError, type Sink, TAKEN, UnreachableError } from "../sink.ts";
import { readTls, type TlsFiles } from "./tls.ts";

export interface KafkaOptions {
  /** `HOST:PORT` of some; the cluster tells the others. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly compression: "none" | "gzip" | "zstd";
  /** undefined: no TLS. */
  readonly tls: TlsFiles | undefined;
  readonly sasl:
    | { readonly mechanism: SaslMechanism; readonly username: string; readonly passwordFile: string }
    | undefined;
  readonly timeoutMs: number;
}

export const SASL_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
type SaslMechanism = (typeof SASL_MECHANISMS)[number];

type TextProducer = Producer<string, string, string, string>;

/** Of the protocol's errors, those about what a message holds: MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD. */
const ABOUT_CONTENT = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"];
/** All in-sync replicas. */
const ACKS_ALL = -1;

export class KafkaSink implements Sink {
  readonly #options: KafkaOptions;
  readonly #format: Format;
  readonly #key = hostname();
  #producer: TextProducer | undefined;

  constructor(options: KafkaOptions, format: Format) {
    this.#options = options;
    this.#format = format;
  }

  async deliver(records: readonly SpoolRecord[], signal: AbortSignal): Promise<Receipt> {
    const { topic, compression, brokers } = this.#options;
    const messages = records.map(({ payload }) => ({ topic, key: this.#key, value: this.#format(payload) }));
    try {
      this.#producer ??= await this.#connect();
      const sending = this.#producer.send({
        messages,
        acks: ACKS_ALL,
        ...(compression === "none" ? {} : { compression }),
      });
      await unlessAborted(sending, signal);
    } catch (error) {
      await this.close();
      const { names, text } = explain(error);
      if (names.some((name) => ABOUT_CONTENT.includes(name))) throw new RefusedError(text, { cause: error });
      throw new UnreachableError(`${brokers.join(", ")}: ${text}`, { cause: error });
    }
    return TAKEN;
  }

  async #connect(): Promise<TextProducer> {
    const { Producer: KafkaProducer, stringSerializers } = await import("@platformatic/kafka");
    const { brokers, tls, sasl, timeoutMs } = this.#options;
    const producer = new KafkaProducer<string, string, string, string>({
      clientId: "weir",
      bootstrapBrokers: [...brokers],
      serializers: stringSerializers,
      autocreateTopics: false,
      // The courier asks again, and knows when.
      retries: 0,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      ...(tls ? { tls: await readTls(tls), tlsServerName: true } : {}),
      ...(sasl ? { sasl: await loginOf(sasl) } : {}),
    });
    return producer;
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close(true).catch(() => undefined);
  }
}

/** The password as it is now. */
async function loginOf({ mechanism, username, passwordFile }: NonNullable<KafkaOptions["sasl"]>) {
  return { mechanism, username, password: (await readFile(passwordFile, "utf8")).trim() };
}

async function unlessAborted(sending: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error("not delivered before the stop"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([sending, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    sending.catch(() => undefined);
  }
}

/** Errors come in groups, with what the broker said innermost. */
function explain(error: unknown): { readonly names: readonly string[]; readonly text: string } {
  const {
    message,
    errors = [],
    apiId,
    cause,
  } = error as {
    message: string;
    errors?: readonly unknown[];
    apiId?: string;
    cause?: unknown;
  };
  const inner = [...errors, ...(cause === undefined ? [] : [cause])].map(explain);
  return {
    names: [...(apiId === undefined ? [] : [apiId]), ...inner.flatMap(({ names }) => names)],
    text: [...new Set([message.replace(/\.$/, ""), ...inner.map(({ text }) => text)])].join(": ").slice(0, 300),
  };
}
