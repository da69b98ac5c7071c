/** File records of one workload as they came out of a ring, byte for byte. */
import {
  COMM_BYTES,
  type DecodedRecord,
  decodeRecord,
  FILE_DIRECTORY_KEY,
  FILE_TYPE_MAX,
  type FileEvent,
  RECORD_COMM,
  RECORD_GENERATION,
  RECORD_HEADER_BYTES,
  RECORD_SIZE,
  RECORD_TENANTS,
  RECORD_TID,
  RECORD_TIME_NS,
  RECORD_TYPE,
  ringRecords,
} from "@weir/matcher-wasm/format";

export interface Seen {
  readonly type: number;
  readonly tid: number;
  /** CLOCK_BOOTTIME. */
  readonly timeNs: bigint;
  readonly tenants: bigint;
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/** Records by thread, in the order of the ring. */
export type Threads = Map<number, Seen[]>;

export class Recorder {
  #comm: Uint8Array | undefined;
  #threads: Threads = new Map();

  /** Keeps records of tasks of this name from now on, and forgets those it has. */
  start(comm: string): void {
    this.#comm = new Uint8Array(COMM_BYTES);
    this.#comm.set(Buffer.from(comm).subarray(0, COMM_BYTES - 1));
    this.#threads = new Map();
  }

  /** @returns what was kept since the start */
  stop(): Threads {
    this.#comm = undefined;
    return this.#threads;
  }

  /** @param span as a ring reader gives it */
  add(span: Uint8Array): void {
    const comm = this.#comm;
    if (comm === undefined) return;
    const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
    for (const { offset, length } of ringRecords(span)) {
      if (length < RECORD_HEADER_BYTES || view.getUint16(offset + RECORD_TYPE, true) > FILE_TYPE_MAX) continue;
      if (!comm.every((byte, i) => span[offset + RECORD_COMM + i] === byte)) continue;
      const seen = seenAt(span, view, offset);
      const thread = this.#threads.get(seen.tid);
      if (thread) thread.push(seen);
      else this.#threads.set(seen.tid, [seen]);
    }
  }
}

function seenAt(span: Uint8Array, view: DataView, offset: number): Seen {
  return {
    type: view.getUint16(offset + RECORD_TYPE, true),
    tid: view.getUint32(offset + RECORD_TID, true),
    timeNs: view.getBigUint64(offset + RECORD_TIME_NS, true),
    tenants: view.getBigUint64(offset + RECORD_TENANTS, true),
    generation: view.getUint32(offset + RECORD_GENERATION, true),
    bytes: span.slice(offset, offset + view.getUint32(offset + RECORD_SIZE, true)),
  };
}

export function decoded({ bytes }: Seen): FileEvent {
  const record: DecodedRecord = decodeRecord(bytes);
  if (record.kind !== "file") throw new TypeError(`a record of a ${record.kind} among those of files`);
  return record;
}

/** What a stage says of one operation: by the name that was used, if that passed, and by the others of the file. */
export type Operation = readonly [Seen, ...Seen[]];

/** The records of an operation have one time. */
export function operations(records: readonly Seen[]): Operation[] {
  const all: [Seen, ...Seen[]][] = [];
  for (const record of records) {
    const last = all.at(-1);
    if (last?.[0].timeNs === record.timeNs) last.push(record);
    else all.push([record]);
  }
  return all;
}

/** Time, tenants, generation and the key of the directory: what two kernel stages may say differently of one event. */
const STAMPS: readonly (readonly [from: number, to: number])[] = [
  [RECORD_TIME_NS, RECORD_TIME_NS + 8],
  [RECORD_TENANTS, RECORD_TENANTS + 8],
  [RECORD_GENERATION, RECORD_GENERATION + 4],
  [FILE_DIRECTORY_KEY, FILE_DIRECTORY_KEY + 8],
];

/** Whether two stages say the same of an event. */
export function agree(a: Seen, b: Seen): boolean {
  if (a.bytes.length !== b.bytes.length) return false;
  const stamped = (i: number): boolean => STAMPS.some(([from, to]) => i >= from && i < to);
  return a.bytes.every((byte, i) => byte === b.bytes[i] || stamped(i));
}
