/**
 * The log that all sinks read from: events are appended in memory at once, written to disk behind the writer's back,
 * and kept until every sink has them or the bounds force the oldest out.
 *
 * Invariant: for each sink, what it has read, what it has been told is gone, and what waits for it are together all
 * that was appended. Appending never waits, for a disk or for a sink.
 *
 * What is appended reaches the disk in one write for all that came since the last; it survives the end of the process
 * from then on, and that of the machine after the next fdatasync, at most `syncMs` later. While the disk takes nothing,
 * as when it is full, memory keeps the newest `memoryBytesMax`, sinks are served from there, and nothing that is on disk
 * already is given up for it: who fills a disk should not erase what was seen before.
 */
import { isDeepStrictEqual } from "node:util";
import { type Gap, SpoolReader, type SpoolSource } from "./reader.ts";
import { PAYLOAD_BYTES_MAX, recordBytes } from "./record.ts";
import { Segments } from "./segments.ts";
import { markRunning, readState, type SpoolState, unmarkRunning, writeState } from "./state.ts";
import { Tail } from "./tail.ts";

export interface SpoolOptions {
  /** undefined: in memory alone. */
  readonly directory: string | undefined;
  /** Of all segments together; the oldest one goes when they would have more. */
  readonly bytesMax: number;
  /** Of what is not safe on disk. */
  readonly memoryBytesMax: number;
  readonly syncMs: number;
  /** Asked when they are to be kept: by sink, the record that all before are done with for good. */
  readonly cursors: () => Record<string, number>;
}

export interface SpoolStatus {
  readonly directory: string | null;
  readonly bytes: number;
  readonly bytes_max: number;
  readonly segments: number;
  /** Events that are in memory alone. */
  readonly unwritten: number;
  /** Why the disk takes nothing at the moment. */
  readonly error: string | null;
}

/** The segments that a spool is divided into; what is removed is removed by segment. */
const SEGMENTS = 16;
const SEGMENT_BYTES_MAX = 16 << 20;
/** Of what is safe on disk, kept for sinks that are nearly up to date. */
const CACHE_BYTES_MAX = 1 << 20;
/** And never more than this part of what may be on disk. */
const CACHE_PART = 1 / 8;
const WRITE_BYTES_MAX = 1 << 20;
const WRITE_RECORDS_MAX = 4096;
const RETRY_MS = 500;

export const SPOOL_FULL = "spool full";
export const DISK_REFUSED = "disk refused";
export const DAMAGED = "spool damaged";

export class Spool {
  readonly #options: SpoolOptions;
  readonly #tail: Tail;
  readonly #segments: Segments | undefined;
  readonly #source: SpoolSource;
  readonly #readers = new Map<string, SpoolReader>();
  /** What was given up, and why, until every reader has passed it. */
  #givenUp: Gap[] = [];
  readonly #waiting = new Set<() => void>();
  /** As the spool was found, and as it was kept last. */
  readonly #saved: SpoolState | undefined;
  #kept: SpoolState | undefined;
  /** When the agent before wrote last, if it ended without closing the spool: what it got later may be lost. */
  readonly endedUncleanly: Date | undefined;
  #writtenSeq: number;
  #syncedSeq: number;
  #error: Error | undefined;
  #isClosing = false;
  #wakeWriter: () => void = () => undefined;
  readonly #writer: Promise<void>;
  #saving: Promise<void> = Promise.resolve();
  /** By sink: all records before this one are done with for good. */
  readonly #cursors: () => Record<string, number>;

  private constructor(options: SpoolOptions, found: Found) {
    this.#options = options;
    this.#cursors = options.cursors;
    this.#segments = found.segments;
    this.#saved = found.state;
    this.endedUncleanly = found.endedUncleanly;
    this.#tail = new Tail(found.nextSeq);
    this.#writtenSeq = this.#syncedSeq = found.nextSeq - 1;
    this.#source = { tail: this.#tail, segments: this.#segments, causeOf: (seq) => this.#causeOf(seq) };
    this.#writer = this.#segments ? this.#write(this.#segments) : Promise.resolve();
  }

  /** @throws the system's error when the directory can't be used */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { directory, bytesMax } = options;
    if (directory === undefined)
      return new Spool(options, { segments: undefined, state: undefined, endedUncleanly: undefined, nextSeq: 0 });
    const segments = await Segments.open(directory, Math.min(SEGMENT_BYTES_MAX, Math.ceil(bytesMax / SEGMENTS)));
    const state = await readState(directory);
    const cursors = Object.values(state?.cursors ?? {});
    const nextSeq = Math.max(await segments.recover(), (state?.synced ?? -1) + 1, ...cursors);
    const endedUncleanly = (await markRunning(directory)) ? await segments.writtenAt() : undefined;
    return new Spool(options, { segments, state, endedUncleanly, nextSeq });
  }

  /**
   * A sink's reader. One that the spool knows goes on where it was; a new one begins with what comes next, or with
   * everything when the spool has forgotten who was where.
   */
  reader(name: string): SpoolReader {
    const oldest = this.#segments?.all[0]?.base ?? this.#tail.nextSeq;
    const reader = new SpoolReader(
      this.#source,
      this.#saved ? (this.#saved.cursors[name] ?? this.#tail.nextSeq) : oldest,
    );
    this.#readers.set(name, reader);
    return reader;
  }

  get #cacheBytesMax(): number {
    return Math.min(CACHE_BYTES_MAX, this.#options.bytesMax * CACHE_PART);
  }

  get nextSeq(): number {
    return this.#tail.nextSeq;
  }

  /** Whether a record would outlive the machine. Without a directory there is nothing to wait for. */
  isSafe(seq: number): boolean {
    return !this.#segments || seq <= this.#syncedSeq;
  }

  get status(): SpoolStatus {
    return {
      directory: this.#options.directory ?? null,
      bytes: this.#segments?.bytes ?? 0,
      bytes_max: this.#options.bytesMax,
      segments: this.#segments?.all.length ?? 0,
      unwritten: this.#tail.nextSeq - 1 - this.#writtenSeq,
      error: this.#error?.message ?? null,
    };
  }

  /** Bytes on disk and in memory from a record on; within a segment by the share of its records. */
  bytesFrom(seq: number): number {
    const segments = this.#segments?.all ?? [];
    return segments.reduce((sum, { base, bytes }, index) => {
      const end = segments[index + 1]?.base ?? this.#writtenSeq + 1;
      return sum + Math.round(bytes * Math.min(1, Math.max(0, (end - seq) / Math.max(1, end - base))));
    }, 0);
  }

  /** @throws RangeError for what no event has: a payload beyond the longest record */
  append(payload: Buffer): void {
    if (payload.length > PAYLOAD_BYTES_MAX)
      throw new RangeError(`an event of ${payload.length} bytes, expected at most ${PAYLOAD_BYTES_MAX}`);
    this.#tail.push(payload);
    while (this.#tail.bytes > this.#options.memoryBytesMax && this.#tail.firstSeq < this.#tail.nextSeq - 1)
      this.#shift(this.#segments ? DISK_REFUSED : SPOOL_FULL);
    this.#wakeWriter();
    for (const wake of this.#waiting) wake();
  }

  /** Forgets the oldest record in memory; whoever has not read it will not find it unless it is on disk. */
  #shift(cause: string): void {
    const seq = this.#tail.firstSeq;
    this.#tail.shift();
    if (seq <= this.#syncedSeq || this.#readersMin() > seq) return;
    this.#giveUp({ from: seq, to: seq, cause });
    for (const reader of this.#readers.values()) if (reader.next >= seq) reader.forget(seq + 1);
  }

  #giveUp(gap: Gap): void {
    const last = this.#givenUp.at(-1);
    if (last && last.cause === gap.cause && last.to + 1 === gap.from)
      this.#givenUp[this.#givenUp.length - 1] = { ...last, to: gap.to };
    else this.#givenUp.push(gap);
    const passed = this.#readersMin();
    this.#givenUp = this.#givenUp.filter(({ to }) => to >= passed);
  }

  #causeOf(seq: number): string {
    return this.#givenUp.find(({ from, to }) => from <= seq && seq <= to)?.cause ?? DAMAGED;
  }

  #readersMin(): number {
    return Math.min(this.#tail.nextSeq, ...[...this.#readers.values()].map(({ next }) => next));
  }

  /** Resolves when there is something from this number on, or when the signal aborts. */
  async wait(seq: number, signal: AbortSignal): Promise<void> {
    while (this.#tail.nextSeq <= seq && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  /** What all readers have and what is safe on disk needs no memory, but for what someone is about to read. */
  trim(): void {
    const passed = this.#readersMin();
    while (this.#tail.firstSeq < this.#tail.nextSeq && this.isSafe(this.#tail.firstSeq)) {
      if (this.#tail.firstSeq >= passed && (!this.#segments || this.#tail.bytes <= this.#cacheBytesMax)) return;
      this.#tail.shift();
    }
  }

  async #write(segments: Segments): Promise<void> {
    let syncAtMs = 0;
    for (;;) {
      try {
        if (this.#writtenSeq + 1 < this.#tail.nextSeq) await this.#writeNext(segments);
        const isUnsynced = this.#syncedSeq < this.#writtenSeq;
        const isIdle = this.#writtenSeq + 1 >= this.#tail.nextSeq;
        if (isUnsynced && (this.#isClosing || performance.now() >= syncAtMs)) {
          syncAtMs = performance.now() + this.#options.syncMs;
          await this.#sync(segments);
        } else if (isIdle) {
          if (this.#isClosing) return;
          await this.#pause(isUnsynced ? syncAtMs - performance.now() : undefined);
        }
      } catch (error) {
        this.#error = error as Error;
        // What a failed sync has written may be gone, and the next sync would not say so: it is written again.
        this.#writtenSeq = this.#syncedSeq;
        await segments.abandon();
        if (this.#isClosing) return;
        await this.#pause(RETRY_MS, { evenIfWoken: true });
      }
    }
  }

  async #writeNext(segments: Segments): Promise<void> {
    const { tail } = this.#source;
    const bytesMax = Math.min(WRITE_BYTES_MAX, segments.segmentBytesMax);
    // Memory may have given up some of what was to be written.
    const records = tail.slice(Math.max(this.#writtenSeq + 1, tail.firstSeq), {
      recordsMax: WRITE_RECORDS_MAX,
      bytesMax,
    });
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    while (segments.all.length > 0 && segments.bytes + bytes > this.#options.bytesMax) await this.#dropOldest(segments);
    await segments.append(records);
    this.#writtenSeq = records.at(-1)?.seq ?? this.#writtenSeq;
    this.#error = undefined;
  }

  async #sync(segments: Segments): Promise<void> {
    const seq = this.#writtenSeq;
    await segments.sync();
    this.#syncedSeq = seq;
    this.trim();
  }

  async #dropOldest(segments: Segments): Promise<void> {
    // Those that every sink has go first, but only when that is known for good.
    const before = segments.all.length;
    await this.save();
    if (segments.all.length < before) return;
    const result = await segments.dropOldest();
    if (!result) return;
    const next = result.next ?? this.#writtenSeq + 1;
    this.#giveUp({ from: result.dropped.base, to: next - 1, cause: SPOOL_FULL });
    for (const reader of this.#readers.values()) reader.forget(next);
  }

  /** @param ms until woken when undefined */
  async #pause(ms: number | undefined, { evenIfWoken = false } = {}): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = ms === undefined ? undefined : setTimeout(resolve, Math.max(0, ms));
    this.#wakeWriter = evenIfWoken && !this.#isClosing ? () => this.#isClosing && resolve() : resolve;
    await promise;
    clearTimeout(timer);
    this.#wakeWriter = () => undefined;
  }

  /** Keeps how far the sinks are, and removes what all of them have. @throws the system's error */
  save(): Promise<void> {
    const saved = this.#saving.then(() => this.#save());
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async #save(): Promise<void> {
    const { directory } = this.#options;
    if (directory === undefined || !this.#segments) return;
    const cursors = this.#cursors();
    const state = { synced: this.#syncedSeq, cursors };
    if (isDeepStrictEqual(state, this.#kept)) return;
    await writeState(directory, state);
    this.#kept = state;
    const all = Object.values(cursors);
    if (all.length > 0) await this.#segments.reclaim(Math.min(...all));
  }

  /** Takes nothing more, and writes what is in memory if the disk takes it. */
  async finish(): Promise<void> {
    this.#isClosing = true;
    this.#wakeWriter();
    await this.#writer;
  }

  /** After `finish`: keeps how far the sinks are. @throws the system's error */
  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
    const { directory } = this.#options;
    if (directory === undefined || !this.#segments) return;
    await this.save();
    const isWritten = this.#writtenSeq + 1 >= this.#tail.nextSeq;
    const cursors = Object.values(this.#cursors());
    const isDelivered = cursors.length > 0 && Math.min(...cursors) >= this.#tail.nextSeq;
    await this.#segments.close({ drained: isWritten && isDelivered });
    if (isWritten) await unmarkRunning(directory);
  }
}

interface Found {
  readonly segments: Segments | undefined;
  readonly state: SpoolState | undefined;
  readonly endedUncleanly: Date | undefined;
  readonly nextSeq: number;
}
