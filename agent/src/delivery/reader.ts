/**
 * One sink's way through the spool: from memory while it keeps up, from the segments when it has fallen behind.
 *
 * Invariant: every number is returned once, in order, or is part of exactly one gap.
 */
import { type FileHandle, open } from "node:fs/promises";
import { parseRecord, type SpoolRecord, seekRecord } from "./record.ts";
import type { Segment, Segments } from "./segments.ts";
import type { ReadLimit, Tail } from "./tail.ts";

/** Records that are not there any more, from and to included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly cause: string;
}

export interface SpoolSource {
  readonly tail: Tail;
  /** undefined for a spool in memory alone. */
  readonly segments: Segments | undefined;
  /** Why a record is not there. */
  readonly causeOf: (seq: number) => string;
}

const CHUNK_BYTES = 256 << 10;

interface Place {
  readonly segment: Segment;
  offset: number;
  handle: FileHandle | undefined;
  /** Where the file ends, if that is before all that was written. */
  cutAt: number | undefined;
}

const endOf = ({ segment, cutAt }: Place): number => cutAt ?? segment.bytes;

export class SpoolReader {
  readonly #source: SpoolSource;
  #next: number;
  #place: Place | undefined;
  /** Bytes that the record at the place needs, when a chunk is too small for it. */
  #bytesWanted = 0;
  #gaps: Gap[] = [];

  constructor(source: SpoolSource, next: number) {
    this.#source = source;
    this.#next = next;
  }

  /** The record that is read next. */
  get next(): number {
    return this.#next;
  }

  /** Gaps met since the last call. */
  takeGaps(): readonly Gap[] {
    const gaps = this.#gaps;
    this.#gaps = [];
    return gaps;
  }

  /** @returns none when all have been read */
  async read(limit: ReadLimit): Promise<readonly SpoolRecord[]> {
    for (;;) {
      const { tail } = this.#source;
      if (this.#next >= tail.nextSeq) return [];
      if (this.#next >= tail.firstSeq) {
        const records = tail.slice(this.#next, limit);
        this.#next += records.length;
        await this.#leave();
        return records;
      }
      const records = await this.#readDisk(limit);
      if (records.length > 0) return records;
    }
  }

  /** Says that everything before a number is gone from the disk. */
  forget(before: number): void {
    const { tail } = this.#source;
    const first = Math.min(before, tail.firstSeq);
    if (this.#next < first) this.#skipTo(first);
  }

  #skipTo(seq: number): void {
    if (seq <= this.#next) return;
    const gap = { from: this.#next, to: seq - 1, cause: this.#source.causeOf(this.#next) };
    const last = this.#gaps.at(-1);
    if (last && last.to + 1 === gap.from && last.cause === gap.cause)
      this.#gaps.splice(-1, 1, { ...gap, from: last.from });
    else this.#gaps.push(gap);
    this.#next = seq;
  }

  /** One step: records, or none after moving on. */
  async #readDisk(limit: ReadLimit): Promise<readonly SpoolRecord[]> {
    const { segments, tail } = this.#source;
    let place = this.#place;
    if (!place || !segments?.all.includes(place.segment)) {
      const segment = segments?.find(this.#next);
      await this.#leave();
      if (segment) this.#enter(segment);
      else this.#skipTo(tail.firstSeq);
      return [];
    }
    const { segment } = place;
    if (place.offset >= endOf(place)) {
      const following = segments.after(segment);
      // All that is written has been read, so what memory lacks is nowhere.
      if (!following) this.#skipTo(tail.firstSeq);
      await this.#leave();
      if (following) this.#enter(following);
      return [];
    }
    const chunk = await this.#chunk(place);
    place = this.#place;
    // It may have been dropped meanwhile.
    return place?.segment === segment && segments.all.includes(segment) ? this.#take(place, chunk, limit) : [];
  }

  #enter(segment: Segment): void {
    if (segment.base > this.#next) this.#skipTo(segment.base);
    this.#place = { segment, offset: 0, handle: undefined, cutAt: undefined };
  }

  async #chunk(place: Place): Promise<Buffer> {
    const length = Math.min(Math.max(CHUNK_BYTES, this.#bytesWanted), endOf(place) - place.offset);
    try {
      place.handle ??= await open(place.segment.path, "r");
      const { buffer, bytesRead } = await place.handle.read(Buffer.allocUnsafe(length), 0, length, place.offset);
      if (bytesRead < length) place.cutAt = place.offset + bytesRead;
      return buffer.subarray(0, bytesRead);
    } catch {
      // What can't be read is as good as gone; the numbers after it will tell how much.
      place.cutAt = place.offset;
      return Buffer.alloc(0);
    }
  }

  #take(place: Place, chunk: Buffer, limit: ReadLimit): readonly SpoolRecord[] {
    const records: SpoolRecord[] = [];
    const atEnd = place.offset + chunk.length >= endOf(place);
    let at = 0;
    let bytes = 0;
    this.#bytesWanted = 0;
    while (at < chunk.length && records.length < limit.recordsMax && bytes < limit.bytesMax) {
      const parsed = parseRecord(chunk, at);
      if (parsed.kind === "record") {
        at = parsed.end;
        if (parsed.record.seq < this.#next) continue;
        this.#skipTo(parsed.record.seq);
        this.#next++;
        bytes += parsed.record.payload.length;
        records.push(parsed.record);
      } else if (parsed.kind === "incomplete" && place.offset + at + parsed.bytes <= endOf(place)) {
        this.#bytesWanted = parsed.bytes;
        break;
      } else {
        const found = seekRecord(chunk, at + 1);
        at = found + 4 > chunk.length && atEnd ? chunk.length : found;
      }
    }
    place.offset += at;
    return records;
  }

  async #leave(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await place?.handle?.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#leave();
  }
}
