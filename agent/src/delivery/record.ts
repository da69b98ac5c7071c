/**
 * How a record lies in a segment of the spool, integers little-endian:
 *
 * ```
 *  0 u32 marker "WREC"   4 u32 length of the payload   8 u64 sequence number   16 u32 CRC-32 of bytes 4 to 16 and payload
 * 20 payload, JSON in UTF-8
 * ```
 *
 * After a damaged place the next record is found by its marker. Nothing inside a payload can pass for one, whatever a
 * file is called: the highest byte of a sequence number is 0, and JSON text has no byte 0.
 */
import { crc32 } from "node:zlib";

export interface SpoolRecord {
  /** One more than that of the record before, over the whole life of the spool. */
  readonly seq: number;
  readonly payload: Buffer;
}

const MARKER = Buffer.from("WREC");
export const HEADER_BYTES = 20;
/** Longest payload; an event with all its arguments and ancestors stays far below. */
export const PAYLOAD_BYTES_MAX = 4 << 20;

export const recordBytes = ({ payload }: SpoolRecord): number => HEADER_BYTES + payload.length;

export function encodeRecord({ seq, payload }: SpoolRecord): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  MARKER.copy(record);
  record.writeUInt32LE(payload.length, 4);
  record.writeBigUInt64LE(BigInt(seq), 8);
  record.writeUInt32LE(crc32(payload, crc32(record.subarray(4, 16))), 16);
  payload.copy(record, HEADER_BYTES);
  return record;
}

export type Parsed =
  | { readonly kind: "record"; readonly record: SpoolRecord; readonly end: number }
  /** What seems to be a record has this many bytes, more than there are. */
  | { readonly kind: "incomplete"; readonly bytes: number }
  | { readonly kind: "damaged" };

/** What is at an offset of a buffer. The payload is a view of it. */
export function parseRecord(buffer: Buffer, offset: number): Parsed {
  if (buffer.length - offset < HEADER_BYTES) return { kind: "incomplete", bytes: HEADER_BYTES };
  if (!MARKER.equals(buffer.subarray(offset, offset + MARKER.length))) return { kind: "damaged" };
  const length = buffer.readUInt32LE(offset + 4);
  const seq = Number(buffer.readBigUInt64LE(offset + 8));
  if (length > PAYLOAD_BYTES_MAX || !Number.isSafeInteger(seq)) return { kind: "damaged" };
  const end = offset + HEADER_BYTES + length;
  if (end > buffer.length) return { kind: "incomplete", bytes: HEADER_BYTES + length };
  const payload = buffer.subarray(offset + HEADER_BYTES, end);
  const sum = crc32(payload, crc32(buffer.subarray(offset + 4, offset + 16)));
  if (sum !== buffer.readUInt32LE(offset + 16)) return { kind: "damaged" };
  return { kind: "record", record: { seq, payload }, end };
}

/**
 * Where the next record may begin, at or after an offset.
 * @returns where a marker may begin that the buffer cuts, when there is none in it
 */
export function seekRecord(buffer: Buffer, offset: number): number {
  const found = buffer.indexOf(MARKER, offset);
  return found >= 0 ? found : Math.max(offset, buffer.length - MARKER.length + 1);
}
