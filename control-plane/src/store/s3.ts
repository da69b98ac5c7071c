/**
 * Object store in an S3 bucket, over conditional writes: `If-None-Match: *` creates, `If-Match` replaces.
 *
 * An answer that leaves open whether a write happened (timeout, lost connection, 409, 5xx, or 412 to a
 * repeated write) is never guessed: the object is read back. Each write carries a mark of its own in the
 * object's metadata, so that a writer knows its own write from an equal one of somebody else.
 */
import { randomUUID } from "node:crypto";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import type { S3Options } from "./address.ts";
import {
  AlreadyExists,
  BODY_BYTES_MAX,
  Conflict,
  checkBody,
  checkKey,
  type EtagStyle,
  KEYS_MAX,
  type ObjectStore,
  type StoredObject,
  StoreError,
  StoreUnavailable,
} from "./store.ts";

/** What tests may set besides an address. */
export interface S3Settings extends S3Options {
  /** As the SDK takes them; by default the SDK's own chain. */
  readonly credentials?: NonNullable<S3ClientConfig["credentials"]>;
  readonly requestTimeoutMs?: number;
  /** A client to use in place of an own one. */
  readonly client?: S3Client;
}

/** @returns a client set up as the store needs it */
export function createClient(options: Omit<S3Settings, "bucket" | "prefix" | "client">): S3Client {
  const { endpoint, region, credentials } = options;
  // An S3 of one's own has no regions, but the signature wants one.
  const signingRegion = region ?? (endpoint === undefined ? undefined : "us-east-1");
  return new S3Client({
    // Attempts are counted here, because a write is repeated only after reading back.
    maxAttempts: 1,
    forcePathStyle: options.pathStyle ?? endpoint !== undefined,
    // Trailing checksums make the SDK send chunk framing, which several servers store as content.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(signingRegion === undefined ? {} : { region: signingRegion }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** Of one operation, the first included. */
const ATTEMPTS = 6;
const FIRST_DELAY_MS = 50;
const MARK = "weir-write";

interface Condition {
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
}

type Outcome = { readonly done: string } | { readonly lost: true } | { readonly unclear: Error };

export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  /** Set by the probe; until then as RFC 9110 has it. */
  etagStyle: EtagStyle = "quoted";

  constructor(options: S3Settings) {
    const { bucket, prefix, endpoint } = options;
    this.#bucket = bucket;
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.name = `s3://${bucket}/${prefix}${endpoint === undefined ? "" : ` at ${endpoint}`}`;
    this.#client = options.client ?? createClient(options);
  }

  /** Ends idle connections. */
  close(): void {
    this.#client.destroy();
  }

  async get(key: string): Promise<StoredObject | undefined> {
    checkKey(key);
    return this.#retry(key, async () => {
      try {
        const { Body, ETag, ContentLength } = await this.#client.send(
          new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }),
          this.#abort(),
        );
        if ((ContentLength ?? 0) > BODY_BYTES_MAX)
          throw new StoreError(`${key}: has ${ContentLength} bytes, expected at most ${BODY_BYTES_MAX}`);
        if (Body === undefined || ETag === undefined) throw new Error("an answer without body or ETag");
        const body = await Body.transformToByteArray();
        if (ContentLength !== undefined && body.length !== ContentLength)
          throw new Error(`got ${body.length} of ${ContentLength} bytes`);
        return { body, version: bare(ETag) };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  async create(key: string, body: Uint8Array): Promise<string> {
    const version = await this.#put(key, body, { IfNoneMatch: "*" });
    if (version === undefined) throw new AlreadyExists(key);
    return version;
  }

  async swap(key: string, body: Uint8Array, expectedVersion: string): Promise<string> {
    const tag = this.etagStyle === "quoted" ? `"${expectedVersion}"` : expectedVersion;
    const version = await this.#put(key, body, { IfMatch: tag });
    if (version === undefined) throw new Conflict(key, expectedVersion);
    return version;
  }

  async list(prefix: string): Promise<string[]> {
    if (prefix !== "") checkKey(prefix.replace(/\/$/, ""));
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#retry(prefix, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          this.#abort(),
        ),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(this.#prefix.length));
      if (keys.length > KEYS_MAX) throw new StoreError(`more than ${KEYS_MAX} keys below ${JSON.stringify(prefix)}`);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys.sort();
  }

  /** @returns the new version, or undefined where the condition did not hold */
  async #put(key: string, body: Uint8Array, condition: Condition): Promise<string | undefined> {
    checkKey(key);
    checkBody(key, body);
    const mark = randomUUID();
    let failure: Error | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await delay(attempt);
      const outcome = await this.#putOnce(key, body, { condition, mark });
      if ("done" in outcome) return outcome.done;
      // A clean refusal of the first write is final; a later one may be about our own earlier write.
      if ("lost" in outcome && failure === undefined) return undefined;
      if ("unclear" in outcome) failure = outcome.unclear;
      const head = await this.#readBack(key);
      if (head === undefined) continue;
      if (head.mark === mark) return head.version;
      if ("lost" in outcome) return undefined;
    }
    throw new StoreUnavailable(`${this.name}: ${key}: ${failure?.message ?? "no clear answer"}`, failure);
  }

  async #putOnce(
    key: string,
    body: Uint8Array,
    { condition, mark }: { condition: Condition; mark: string },
  ): Promise<Outcome> {
    try {
      const { ETag } = await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#prefix + key,
          // A Buffer, never a stream: streams are sent chunked.
          Body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          Metadata: { [MARK]: mark },
          ...condition,
        }),
        this.#abort(),
      );
      if (ETag === undefined) return { unclear: new Error("an answer without ETag") };
      return { done: bare(ETag) };
    } catch (error) {
      const status = statusOf(error);
      // 404: If-Match on a key that does not exist (AWS; others answer 412).
      if (status === 412 || (status === 404 && nameOf(error) === "NoSuchKey")) return { lost: true };
      if (status === undefined || status === 409 || status === 429 || status >= 500) return { unclear: error as Error };
      throw this.#failed(key, error);
    }
  }

  /** @returns undefined where it can't be told, or nothing is there */
  async #readBack(key: string): Promise<{ version: string; mark: string | undefined } | undefined> {
    try {
      const { ETag, Metadata } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }),
        this.#abort(),
      );
      return ETag === undefined ? undefined : { version: bare(ETag), mark: Metadata?.[MARK] };
    } catch {
      return undefined;
    }
  }

  async #retry<T>(key: string, operation: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await operation();
      } catch (error) {
        const status = statusOf(error);
        const permanent = status !== undefined && status >= 400 && status < 500 && status !== 429 && status !== 409;
        if (error instanceof StoreError) throw error;
        if (permanent || attempt === ATTEMPTS) throw this.#failed(key, error);
        await delay(attempt);
      }
    }
  }

  #abort(): { abortSignal: AbortSignal } {
    return { abortSignal: AbortSignal.timeout(this.#timeoutMs) };
  }

  #failed(key: string, error: unknown): StoreUnavailable {
    const status = statusOf(error);
    const reason = `${nameOf(error)}${status === undefined ? "" : ` (${status})`}: ${(error as Error).message}`;
    return new StoreUnavailable(`${this.name}: ${key}: ${reason}`, error);
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function nameOf(error: unknown): string {
  return (error as Error).name;
}

function bare(etag: string): string {
  return etag.replace(/^"(.*)"$/, "$1");
}

/** Exponential, with jitter, so that racers part. */
function delay(attempt: number): Promise<void> {
  const ms = FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
  return new Promise((resolve) => setTimeout(resolve, ms));
}
