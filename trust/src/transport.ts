/**
 * Bytes from the network, bounded while they are read: size, time to the first byte, and the time for the
 * whole, so that neither endless nor endlessly slow data (TUF specification, 1.5.2) holds the agent up.
 */
import { BaseFetcher } from "tuf-js";
// tuf-js ends its walk along the roots on this class, and exports it nowhere else.
import { DownloadHTTPError } from "tuf-js/dist/error.js";
import { OversizeError, type TrustError, UnreachableError } from "./errors.ts";
import { parseMetadata } from "./metadata.ts";

/** As the global `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Time for an answer to begin. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Slowest acceptable transfer: beyond the first timeout, one second for each 100 KB expected. */
const BYTES_PER_MS_MIN = 100;

export interface Answer {
  readonly status: number;
  readonly etag: string | undefined;
  /** Empty unless the status is 200. */
  readonly body: Buffer;
}

/**
 * One GET. Statuses other than 200 are returned, not judged.
 * @param bytesMax reading stops beyond it
 * @throws OversizeError, UnreachableError
 */
export async function get(
  fetcher: Fetch,
  url: string,
  options: { bytesMax: number; etag?: string | undefined; answerTimeoutMs?: number },
): Promise<Answer> {
  const { bytesMax, etag, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "weir" };
  if (etag !== undefined) headers["if-none-match"] = etag;
  const abort = new AbortController();
  const timeout = (ms: number) =>
    setTimeout(() => abort.abort(new Error(`no complete answer within ${Math.round(ms)} ms`)), ms);
  let timer = timeout(answerTimeoutMs);
  try {
    const response = await fetcher(url, { headers, signal: abort.signal, redirect: "error" });
    clearTimeout(timer);
    timer = timeout(answerTimeoutMs + bytesMax / BYTES_PER_MS_MIN);
    const answer = { status: response.status, etag: response.headers.get("etag") ?? undefined };
    if (response.status !== 200) {
      await response.body?.cancel();
      return { ...answer, body: Buffer.alloc(0) };
    }
    return { ...answer, body: await readBounded(response, { url, bytesMax, signal: abort.signal }) };
  } catch (error) {
    if (error instanceof OversizeError) throw error;
    const { message, cause } = (abort.signal.aborted ? abort.signal.reason : error) as Error;
    const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new UnreachableError({ url, reason, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function readBounded(
  response: Response,
  { url, bytesMax, signal }: { url: string; bytesMax: number; signal: AbortSignal },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return Buffer.alloc(0);
  const reader = response.body.getReader();
  // A transport that ignores the signal must not hold us either.
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) return Buffer.concat(chunks, length);
      length += value.length;
      if (length > bytesMax) throw new OversizeError(url, bytesMax);
      chunks.push(value);
    }
  } finally {
    // Resolves at once when the body has ended; not awaited, for a stuck transport never settles it.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * The fetcher of one update cycle. Keeps the first failure with its class, which tuf-js would flatten into
 * a message, and the ETag of timestamp.json. Roots pass only with honest key ids.
 */
export class CycleFetcher extends BaseFetcher {
  failure: TrustError | undefined;
  timestampEtag: string | undefined;
  requests = 0;
  readonly #fetcher: Fetch;

  constructor(fetcher: Fetch) {
    super();
    this.#fetcher = fetcher;
  }

  /** Required by the base class; everything goes through `downloadBytes`. */
  override fetch(url: string): Promise<never> {
    return Promise.reject(new Error(`${url}: unbounded download`));
  }

  override async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    try {
      this.requests++;
      const { status, etag, body } = await get(this.#fetcher, url, { bytesMax: maxLength });
      const path = new URL(url).pathname;
      // No next root is how the walk along the roots ends (TUF specification, 5.3.3).
      if (path.endsWith(".root.json") && (status === 404 || status === 403))
        throw new DownloadHTTPError("no newer root", status);
      if (status !== 200) throw new UnreachableError({ url, status, reason: `answered ${status}` });
      if (path.endsWith(".root.json")) parseMetadata("root", body);
      if (path.endsWith("/timestamp.json")) this.timestampEtag = etag;
      return body;
    } catch (error) {
      if (!(error instanceof DownloadHTTPError)) this.failure ??= error as TrustError;
      throw error;
    }
  }
}
