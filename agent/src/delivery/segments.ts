/**
 * The files of the spool, each named by the sequence number of its first record, and the one that is written to.
 *
 * Invariant: `bytes` of a segment counts whole records that one write call after the other has returned for; whatever
 * lies behind them in the file is not part of it.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { encodeRecord, parseRecord, type SpoolRecord, seekRecord } from "./record.ts";

export interface Segment {
  /** Sequence number of its first record. */
  readonly base: number;
  readonly path: string;
  bytes: number;
}

const NAME = /^(\d{16})\.spool$/;

export class Segments {
  readonly #directory: string;
  readonly segmentBytesMax: number;
  /** Ascending by base. */
  readonly #list: Segment[];
  #active: { readonly segment: Segment; readonly handle: FileHandle } | undefined;
  /** A file was made or removed since the directory was synced. */
  #isDirectoryDirty = false;

  private constructor(directory: string, segmentBytesMax: number, list: Segment[]) {
    this.#directory = directory;
    this.segmentBytesMax = segmentBytesMax;
    this.#list = list;
  }

  /** Finds what an earlier agent left. @throws the system's error when the directory can't be made or read */
  static async open(directory: string, segmentBytesMax: number): Promise<Segments> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const list: Segment[] = [];
    for (const name of (await readdir(directory)).sort()) {
      const base = NAME.exec(name)?.[1];
      if (base === undefined) continue;
      const path = join(directory, name);
      list.push({ base: Number(base), path, bytes: (await stat(path)).size });
    }
    return new Segments(directory, segmentBytesMax, list);
  }

  get bytes(): number {
    return this.#list.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get all(): readonly Segment[] {
    return this.#list;
  }

  /** The segment that a record is in if it is in any: the last one that does not begin after it, else the first. */
  find(seq: number): Segment | undefined {
    return this.#list.findLast(({ base }) => base <= seq) ?? this.#list[0];
  }

  after(segment: Segment): Segment | undefined {
    return this.#list[this.#list.indexOf(segment) + 1];
  }

  /**
   * The sequence number for the next record, by what the files hold. Bytes at the end that are no record stand for
   * one, so that it is missed. The last two files are read: after a failed sync both may have the newest record.
   */
  async recover(): Promise<number> {
    let next = 0;
    for (const segment of this.#list.slice(-2)) {
      const content = await readFile(segment.path).catch(() => Buffer.alloc(0));
      let last = segment.base - 1;
      let end = 0;
      for (let at = 0; at < content.length; ) {
        const parsed = parseRecord(content, at);
        if (parsed.kind === "record") last = Math.max(last, parsed.record.seq);
        if (parsed.kind === "record") at = end = parsed.end;
        else at = seekRecord(content, at + 1);
      }
      next = Math.max(next, last + 1 + (end < segment.bytes ? 1 : 0));
    }
    return next;
  }

  /** When any of them was written last; now when there is none. */
  async writtenAt(): Promise<Date> {
    const times = await Promise.all(this.#list.map(async ({ path }) => (await stat(path)).mtimeMs));
    return new Date(times.length > 0 ? Math.max(...times) : Date.now());
  }

  /** Writes records behind those before; they outlive the process when this returns, the machine after `sync`. */
  async append(records: readonly SpoolRecord[]): Promise<void> {
    const first = records[0];
    if (!first) return;
    const data = Buffer.concat(records.map(encodeRecord));
    if (this.#active && this.#active.segment.bytes + data.length > this.segmentBytesMax) await this.#finishActive();
    this.#active ??= await this.#begin(first.seq);
    const { segment, handle } = this.#active;
    for (let done = 0; done < data.length; ) {
      const { bytesWritten } = await handle.write(data, done, data.length - done, segment.bytes + done);
      done += bytesWritten;
    }
    segment.bytes += data.length;
  }

  async #begin(base: number): Promise<{ segment: Segment; handle: FileHandle }> {
    const path = join(this.#directory, `${String(base).padStart(16, "0")}.spool`);
    const handle = await open(path, "w", 0o600);
    this.#isDirectoryDirty = true;
    const segment = { base, path, bytes: 0 };
    const same = this.#list.findIndex((other) => other.base === base);
    if (same >= 0) this.#list.splice(same, 1);
    this.#list.push(segment);
    return { segment, handle };
  }

  async sync(): Promise<void> {
    if (this.#active) await this.#active.handle.datasync();
    if (!this.#isDirectoryDirty) return;
    this.#isDirectoryDirty = false;
    await syncDirectory(this.#directory);
  }

  async #finishActive(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    await active.handle.datasync();
    this.#active = undefined;
    await active.handle.close();
  }

  /** Ends the active segment after a failure, without what was written in part; the next record begins another. */
  async abandon(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    if (!active) return;
    await active.handle.truncate(active.segment.bytes).catch(() => undefined);
    await active.handle.close().catch(() => undefined);
    if (active.segment.bytes === 0) await this.#remove(active.segment).catch(() => undefined);
  }

  /**
   * Removes the oldest segment.
   * @returns it, and the first number behind it, undefined when it was the only one
   */
  async dropOldest(): Promise<{ readonly dropped: Segment; readonly next: number | undefined } | undefined> {
    const [dropped, following] = this.#list;
    if (!dropped) return undefined;
    if (this.#active?.segment === dropped) await this.#finishActive();
    await this.#remove(dropped);
    return { dropped, next: following?.base };
  }

  /** Removes segments that hold only records before this number. */
  async reclaim(before: number): Promise<void> {
    for (;;) {
      const [oldest, following] = this.#list;
      if (!oldest || !following || following.base > before) return;
      await this.#remove(oldest);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    const index = this.#list.indexOf(segment);
    if (index >= 0) this.#list.splice(index, 1);
    this.#isDirectoryDirty = true;
    await rm(segment.path, { force: true });
  }

  /** @param drained removes the last segment, too: nobody needs a record of it */
  async close({ drained }: { readonly drained: boolean }): Promise<void> {
    await this.#finishActive();
    if (drained) for (const segment of [...this.#list]) await this.#remove(segment);
  }
}

/** Makes the names in a directory outlive the machine. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
