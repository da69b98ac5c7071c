/**
 * The newest records in memory: all that are not safe on disk yet, and those that some sink is about to read.
 *
 * Invariant: the numbers of its records have no gap, and the last is the newest of the spool.
 */
import { recordBytes, type SpoolRecord } from "./record.ts";

export interface ReadLimit {
  readonly recordsMax: number;
  /** Of payload; one record is read whatever its size. */
  readonly bytesMax: number;
}

export class Tail {
  #records: SpoolRecord[] = [];
  /** Of those, the ones at the front that are gone. */
  #gone = 0;
  #bytes = 0;
  #nextSeq: number;

  constructor(nextSeq: number) {
    this.#nextSeq = nextSeq;
  }

  /** What the next record will be. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The oldest at hand; `nextSeq` when there is none. */
  get firstSeq(): number {
    return this.#nextSeq - (this.#records.length - this.#gone);
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(payload: Buffer): void {
    const record = { seq: this.#nextSeq++, payload };
    this.#records.push(record);
    this.#bytes += recordBytes(record);
  }

  /** Records from a number on, which must not be before `firstSeq`. */
  slice(seq: number, { recordsMax, bytesMax }: ReadLimit): readonly SpoolRecord[] {
    const from = this.#gone + (seq - this.firstSeq);
    let to = from;
    for (let bytes = 0; to < this.#records.length && to - from < recordsMax && bytes < bytesMax; to++)
      bytes += (this.#records[to] as SpoolRecord).payload.length;
    return this.#records.slice(from, to);
  }

  /** Forgets the oldest. */
  shift(): void {
    const record = this.#records[this.#gone];
    if (!record) return;
    this.#bytes -= recordBytes(record);
    this.#gone++;
    // Now and then, so that each record is moved less than once.
    if (this.#gone * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#gone);
    this.#gone = 0;
  }
}
