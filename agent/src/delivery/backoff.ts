/** How long to wait before a receiver is asked again. */

const FIRST_MS = 500;
const MAX_MS = 60_000;
/** A receiver that asks for more gets this. */
const RETRY_AFTER_MAX_MS = 3_600_000;

export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random 0 up to 1, so that the agents of a fleet do not come back all at once */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * One more failure.
   * @param retryAfterMs what the receiver asked for: never less than that
   * @returns milliseconds to wait: half of a time that doubles up to a minute, and a random part of the other half
   */
  failed(retryAfterMs = 0): number {
    const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(this.#failures++, 30));
    const jittered = ceiling / 2 + (ceiling / 2) * this.#random();
    return Math.max(jittered, Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
  }
}

/** Resolves after a time, or when the signal aborts. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
