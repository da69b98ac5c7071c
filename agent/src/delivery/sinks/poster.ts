/** Requests of sinks that speak HTTP: one connection that is kept, bodies compressed, answers bounded. */
import { readFile } from "node:fs/promises";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { UnreachableError } from "../sink.ts";
import { readTls, type TlsFiles } from "./tls.ts";

const compress = promisify(gzip);

export interface PosterOptions {
  readonly url: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its content goes with each request as a bearer token, read anew for each so that it may be replaced. */
  readonly tokenFile: string | undefined;
  readonly gzip: boolean;
  /** For a whole request. */
  readonly timeoutMs: number;
  readonly tls: TlsFiles;
}

export interface Answer {
  readonly status: number;
  /** What `Retry-After` asks for. */
  readonly retryAfterMs: number | undefined;
  /** The first of it. */
  readonly body: string;
}

const ANSWER_BYTES_MAX = 64 << 10;

export class Poster {
  readonly #options: PosterOptions;
  readonly #url: URL;
  #agent: HttpAgent | HttpsAgent | undefined;

  constructor(options: PosterOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
  }

  /** @throws UnreachableError when there is no answer, or the token can't be read */
  async post(text: string, signal: AbortSignal): Promise<Answer> {
    const { contentType, headers, tokenFile, timeoutMs } = this.#options;
    try {
      const body = this.#options.gzip ? await compress(text) : Buffer.from(text);
      const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
      const agent = await this.#keptAgent();
      const options = {
        method: "POST",
        agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          ...headers,
          "content-type": contentType,
          "content-length": body.length,
          ...(this.#options.gzip ? { "content-encoding": "gzip" } : {}),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      };
      const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
      return await exchange(send(this.#url, options), body);
    } catch (error) {
      const isLate = (error as Error).name === "AbortError" && !signal.aborted;
      const problem = isLate ? `no answer within ${timeoutMs} ms` : (error as Error).message;
      throw new UnreachableError(`${this.#url.origin}: ${problem}`, { cause: error });
    }
  }

  async #keptAgent(): Promise<HttpAgent | HttpsAgent> {
    const kept = { keepAlive: true, maxSockets: 1 };
    this.#agent ??=
      this.#url.protocol === "https:"
        ? new HttpsAgent({ ...kept, ...(await readTls(this.#options.tls)) })
        : new HttpAgent(kept);
    return this.#agent;
  }

  close(): void {
    this.#agent?.destroy();
  }
}

async function exchange(request: ClientRequest, body: Buffer): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once("response", resolve).once("error", reject).end(body);
  const response = await promise;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < ANSWER_BYTES_MAX) chunks.push(chunk);
    bytes += chunk.length;
    // Whoever answers without end is not read to it.
    if (bytes > ANSWER_BYTES_MAX) request.destroy();
  }
  return {
    status: response.statusCode ?? 0,
    retryAfterMs: retryAfterMs(response.headers["retry-after"], Date.now()),
    body: Buffer.concat(chunks).toString("utf8").slice(0, ANSWER_BYTES_MAX),
  };
}

/** Seconds or a date, RFC 9110 section 10.2.3. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
