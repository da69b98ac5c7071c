/** The time of day of records, whose clock counts from boot. */
import { bootTimeNs } from "../kernel/libbpf.ts";

/** How long the distance between the two clocks is taken to stay the same; setting the time of day changes it. */
const VALID_NS = 1_000_000_000n;

export class Clock {
  #offsetNs = 0n;
  #measuredNs: bigint | undefined;
  readonly #bootNs: () => bigint;
  readonly #epochMs: () => number;

  constructor(bootNs: () => bigint = bootTimeNs, epochMs: () => number = Date.now) {
    this.#bootNs = bootNs;
    this.#epochMs = epochMs;
  }

  /**
   * @param bootNs nanoseconds since boot
   * @returns nanoseconds since the epoch, to the millisecond; times of one second differ as in `bootNs`
   */
  epochNs(bootNs: bigint): bigint {
    const now = this.#bootNs();
    if (this.#measuredNs === undefined || now - this.#measuredNs > VALID_NS) {
      const offset = BigInt(this.#epochMs()) * 1_000_000n - now;
      // Milliseconds are cut off: only a larger change is one of the clock.
      const change = offset - this.#offsetNs;
      if (this.#measuredNs === undefined || change > 5_000_000n || change < -5_000_000n) this.#offsetNs = offset;
      this.#measuredNs = now;
    }
    return this.#offsetNs + bootNs;
  }
}
