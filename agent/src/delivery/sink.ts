/** What a sink is to the courier that serves it, and what it may answer. Each kind of sink is a file in `sinks/`. */
import type { SpoolRecord } from "./record.ts";

export interface Sink {
  /**
   * Hands records over, in order; one call at a time.
   * @returns when the receiver has them, as far as it can say
   * @throws UnreachableError, RefusedError, EndedError; anything else counts as the first
   */
  deliver(records: readonly SpoolRecord[], signal: AbortSignal): Promise<Receipt>;
  /** Makes what was delivered outlive the machine, where that is this sink's to do. */
  sync?(): Promise<void>;
  close(): Promise<void>;
}

/** What the receiver said of records that it took. */
export interface Receipt {
  /** Those that it threw away, and wants never again. */
  readonly rejected: number;
  readonly reason?: string;
}

export const TAKEN: Receipt = { rejected: 0 };

/** How a detection or loss event looks to a receiver: from the JSON that is in the spool to the text that goes out. */
export type Format = (payload: Buffer) => string;

/** The receiver can't be reached, or can't take anything now. The same records are offered again. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  /** What the receiver asked to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The receiver does not want these records as they are: one of them, or all together. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** There is no receiver any more, and never will be: a pipe whose reader has gone. */
export class EndedError extends Error {
  override readonly name = "EndedError";
}
