/**
 * Serves one sink: reads what comes next for it, hands it over, asks again until the receiver has it, and goes on.
 *
 * Invariant: records reach the receiver in the order of the spool, and the cursor passes a record only when it was
 * delivered, or counted as lost with its cause.
 */
import { Backoff, sleep } from "./backoff.ts";
import type { SpoolReader } from "./reader.ts";
import type { SpoolRecord } from "./record.ts";
import { EndedError, RefusedError, type Sink, UnreachableError } from "./sink.ts";
import type { Spool } from "./spool.ts";
import type { ReadLimit } from "./tail.ts";

export interface CourierOptions {
  readonly name: string;
  readonly sink: Sink;
  readonly spool: Spool;
  /** At most so much in one call. */
  readonly limit: ReadLimit;
  /** How long to wait for more when the first record comes after a pause. */
  readonly lingerMs: number;
  /** Records that the sink will never get. */
  readonly onLost: (cause: string, events: number) => void;
}

export interface CourierStatus {
  /** Since the start of the agent, as `dropped`. */
  readonly delivered: number;
  /** Events that wait, those that are on their way included. */
  readonly queued: number;
  /** What they take on disk, about. */
  readonly bytes: number;
  /** When the oldest of them happened. */
  readonly oldest: string | null;
  readonly dropped: number;
  readonly dropped_by_cause: Readonly<Record<string, number>>;
  /** Attempts that failed since the last that did not. */
  readonly failures: number;
  readonly last_error: { readonly time: string; readonly message: string } | null;
  /** Whether the sink will never take anything again. */
  readonly ended: boolean;
}

/** A record that is refused alone is given up after so many times, if the receiver takes nothing else either. */
const REFUSALS_MAX = 5;
export const REFUSED = "refused by receiver";
export const GONE = "receiver gone";

export class Courier {
  readonly name: string;
  readonly #options: CourierOptions;
  readonly #reader: SpoolReader;
  readonly #backoff = new Backoff();
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();
  readonly #lost = new Map<string, number>();
  readonly #done: Promise<void>;
  #delivered = 0;
  /** All before it were delivered or counted as lost. */
  #cursor: number;
  /** The same, but as of when that was safe to keep. */
  #settled: number;
  #inFlight: readonly SpoolRecord[] = [];
  #lastError: { readonly time: string; readonly message: string } | undefined;
  #ended: EndedError | undefined;
  /** Rejects with EndedError when the sink will never take anything again; never resolves. */
  readonly ended: Promise<never>;
  readonly #end: (error: EndedError) => void;

  constructor(options: CourierOptions) {
    this.name = options.name;
    this.#options = options;
    this.#reader = options.spool.reader(options.name);
    this.#cursor = this.#settled = this.#reader.next;
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.ended.catch(() => undefined);
    this.#end = reject;
    this.#done = this.#run();
  }

  /** Up to where everything is delivered or told, for good. */
  get settled(): number {
    return this.#settled;
  }

  get isUpToDate(): boolean {
    return this.#cursor >= this.#options.spool.nextSeq || this.#ended !== undefined;
  }

  async #run(): Promise<void> {
    const { spool, limit, lingerMs } = this.#options;
    while (!this.#stop.signal.aborted && !this.#ended) {
      const isCaughtUp = this.#reader.next >= spool.nextSeq;
      await spool.wait(this.#reader.next, this.#stop.signal);
      if (isCaughtUp && lingerMs > 0) await sleep(lingerMs, this.#stop.signal);
      await this.#next(limit);
    }
    // What is left is tried once, until the abort.
    while (!this.#abort.signal.aborted && !this.#ended && (await this.#next(limit)));
  }

  /** Goes on without the sink that has ended: what comes for it is counted as lost, and not kept. */
  async discard(): Promise<void> {
    await this.#done;
    while (!this.#stop.signal.aborted) {
      this.count();
      this.#inFlight = [];
      if (this.#cursor < this.#reader.next) this.#lose(GONE, this.#reader.next - this.#cursor);
      this.#cursor = this.#reader.next;
      await this.#options.spool.wait(this.#reader.next, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      await this.#reader.read(this.#options.limit);
    }
  }

  /** @returns whether there was something to deliver */
  async #next(limit: ReadLimit): Promise<boolean> {
    // What could not be delivered before the stop is still first.
    if (this.#inFlight.length > 0) return false;
    const records = await this.#reader.read(limit);
    this.count();
    this.#options.spool.trim();
    if (records.length === 0) {
      if (this.#reader.next > this.#cursor) this.#cursor = this.#reader.next;
      return false;
    }
    this.#inFlight = records;
    if (!(await this.#deliver(records))) return false;
    this.#inFlight = [];
    this.#cursor = Math.max(this.#cursor, (records.at(-1)?.seq ?? 0) + 1);
    return true;
  }

  /** Counts what the spool could not keep for this sink. */
  count(): void {
    for (const { from, to, cause } of this.#reader.takeGaps()) this.#lose(cause, to - from + 1);
  }

  #lose(cause: string, events: number): void {
    this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + events);
    this.#options.onLost(cause, events);
  }

  /**
   * Delivers all of them, in order. Refused ones are divided until the one is found that is refused alone. It is given
   * up when the receiver took others of them, else after some more attempts: then the fault may be elsewhere.
   * @returns false when stopped before
   */
  async #deliver(records: readonly SpoolRecord[]): Promise<boolean> {
    const parts = [records];
    let hasTaken = false;
    let refusals = 0;
    while (parts[0]) {
      const part = parts[0];
      try {
        const { rejected, reason } = await this.#options.sink.deliver(part, this.#abort.signal);
        this.#backoff.succeeded();
        this.#delivered += part.length - rejected;
        if (rejected > 0) this.#refuse(rejected, reason ?? "");
        hasTaken = true;
      } catch (error) {
        if (error instanceof EndedError) return this.#endWith(error);
        if (this.#abort.signal.aborted) return false;
        this.#note((error as Error).message);
        if (error instanceof RefusedError && part.length > 1) {
          const middle = part.length >> 1;
          parts.splice(0, 1, part.slice(0, middle), part.slice(middle));
          continue;
        }
        const isHopeless = error instanceof RefusedError && (hasTaken || ++refusals >= REFUSALS_MAX);
        if (!isHopeless) {
          if (!(await this.#pause(error))) return false;
          continue;
        }
        this.#refuse(1, error.message);
      }
      parts.shift();
      refusals = 0;
      this.#cursor = (part.at(-1)?.seq ?? 0) + 1;
      this.#inFlight = parts.flat();
    }
    return true;
  }

  #refuse(events: number, reason: string): void {
    this.#note(reason);
    this.#lose(REFUSED, events);
  }

  #note(message: string): void {
    this.#lastError = { time: new Date().toISOString(), message };
  }

  #endWith(error: EndedError): false {
    this.#note(error.message);
    this.#ended = error;
    this.#end(error);
    return false;
  }

  /** @returns whether to go on */
  async #pause(error: unknown): Promise<boolean> {
    // Once it is to stop, each record is tried once.
    if (this.#stop.signal.aborted) return false;
    await sleep(this.#backoff.failed(error instanceof UnreachableError ? error.retryAfterMs : 0), this.#stop.signal);
    return !this.#abort.signal.aborted;
  }

  /** @param mayKeep whether all that was lost so far has been told, and that is safe on disk */
  async settle(mayKeep: boolean): Promise<void> {
    const cursor = this.#cursor;
    if (!mayKeep || cursor === this.#settled) return;
    try {
      await this.#options.sink.sync?.();
      this.#settled = Math.max(this.#settled, cursor);
    } catch (error) {
      this.#note((error as Error).message);
    }
  }

  get status(): CourierStatus {
    const { spool } = this.#options;
    const [first] = this.#inFlight;
    return {
      delivered: this.#delivered,
      queued: spool.nextSeq - this.#cursor,
      bytes: spool.bytesFrom(this.#cursor),
      oldest: first ? timeOf(first) : null,
      dropped: [...this.#lost.values()].reduce((sum, events) => sum + events, 0),
      dropped_by_cause: Object.fromEntries(this.#lost),
      failures: this.#backoff.failures,
      last_error: this.#lastError ?? null,
      ended: this.#ended !== undefined,
    };
  }

  /** Delivers what waits, as far as that is possible at once and within a time; the rest stays in the spool. */
  async stop(drainMs: number): Promise<void> {
    this.#stop.abort();
    const timer = setTimeout(() => this.#abort.abort(), drainMs);
    await this.#done;
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    await this.#options.sink.close().catch((error: Error) => this.#note(error.message));
  }
}

function timeOf({ payload }: SpoolRecord): string | null {
  try {
    return (JSON.parse(payload.toString("utf8")) as { time?: string }).time ?? null;
  } catch {
    return null;
  }
}
