/**
 * JSON lines posted over HTTP, a batch a request. Only an answer of 2xx delivers. A batch that is refused for what it
 * holds (400, 413, 422, …) is divided by the courier; all other answers, wrong credentials and paths among them, are
 * faults of the place, and the same batch is posted again.
 */
import type { SpoolRecord } from "../record.ts";
import { type Format, type Receipt, RefusedError, type Sink, TAKEN, UnreachableError } from "../sink.ts";
import { type Answer, Poster, type PosterOptions } from "./poster.ts";

/** Of 4xx, those that say nothing about the content. */
const NOT_ABOUT_CONTENT = [401, 403, 404, 405, 407, 408, 410, 421, 423, 425, 426, 429];

export class HttpSink implements Sink {
  readonly #poster: Poster;
  readonly #format: Format;

  constructor(options: Omit<PosterOptions, "contentType">, format: Format) {
    this.#poster = new Poster({ ...options, contentType: "application/x-ndjson" });
    this.#format = format;
  }

  async deliver(records: readonly SpoolRecord[], signal: AbortSignal): Promise<Receipt> {
    const lines = records.map(({ payload }) => `${this.#format(payload)}\n`).join("");
    const answer = await this.#poster.post(lines, signal);
    if (answer.status >= 200 && answer.status < 300) return TAKEN;
    const isAboutContent = answer.status >= 400 && answer.status < 500 && !NOT_ABOUT_CONTENT.includes(answer.status);
    if (isAboutContent) throw new RefusedError(problemOf(answer));
    throw new UnreachableError(problemOf(answer), { retryAfterMs: answer.retryAfterMs });
  }

  close(): Promise<void> {
    this.#poster.close();
    return Promise.resolve();
  }
}

/** The answer on one line. */
export function problemOf({ status, body }: Answer): string {
  const text = body.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return `answer ${status}${text === "" ? "" : `: ${text.slice(0, 200)}`}`;
}
