/**
 * Accessors of a record, and the check that has to come before them.
 *
 * `headerFits` and `bodyFits` are the one place where a record's own lengths are believed after comparison with the bytes
 * that there are; everything else may read what it admits.
 */
import {
  COMM_BYTES,
  FILE_DEST_LEN,
  FILE_FILESYSTEM,
  FILE_OP_FLAGS,
  FILE_PATH_LEN,
  FILE_PATHS,
  FILE_TEXT_LEN,
  FILE_TYPE_MAX,
  FLAG_ATTRIBUTES_UNKNOWN,
  FLAG_DEST_TRUNCATED,
  FLAG_PATH_TRUNCATED,
  FLAG_TEXT_TRUNCATED,
  PATH_BYTES_MAX,
  RECORD_COMM,
  RECORD_FLAGS,
  RECORD_GENERATION,
  RECORD_HEADER_BYTES,
  RECORD_SIZE,
  RECORD_TENANTS,
  RECORD_TYPE,
  TEXT_BYTES_MAX,
} from "../format/record.ts";

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;
/** The format's constants are plain integers; here they get the types that they are compared with. */
const HEADER_BYTES: u32 = RECORD_HEADER_BYTES;
const PATHS: u32 = FILE_PATHS;
const PATH_LIMIT: u32 = PATH_BYTES_MAX;
const COMM_LIMIT: u32 = COMM_BYTES;
const WORD_BYTES: u32 = 8;
const TEXT_LIMIT: u32 = TEXT_BYTES_MAX;
const FILE_TYPE_LIMIT: u32 = FILE_TYPE_MAX;

// @ts-ignore: decorator
@inline
export function sizeOf(record: usize): u32 {
  return load<u32>(record, RECORD_SIZE);
}

// @ts-ignore: decorator
@inline
export function typeOf(record: usize): u32 {
  return load<u16>(record, RECORD_TYPE);
}

// @ts-ignore: decorator
@inline
export function generationOf(record: usize): u32 {
  return load<u32>(record, RECORD_GENERATION);
}

// @ts-ignore: decorator
@inline
export function hasTenant(record: usize, tenant: u32): bool {
  return ((load<u64>(record, RECORD_TENANTS) >> (tenant as u64)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function pathTruncated(record: usize): bool {
  return (load<u16>(record, RECORD_FLAGS) & FLAG_PATH_TRUNCATED) != 0;
}

// @ts-ignore: decorator
@inline
export function attributesUnknown(record: usize): bool {
  return (load<u16>(record, RECORD_FLAGS) & FLAG_ATTRIBUTES_UNKNOWN) != 0;
}

// @ts-ignore: decorator
@inline
export function destinationTruncated(record: usize): bool {
  return (load<u16>(record, RECORD_FLAGS) & FLAG_DEST_TRUNCATED) != 0;
}

// @ts-ignore: decorator
@inline
export function textTruncated(record: usize): bool {
  return (load<u16>(record, RECORD_FLAGS) & FLAG_TEXT_TRUNCATED) != 0;
}

/** Whether the record goes on with a file and paths; the others end with the header, for the matcher. */
// @ts-ignore: decorator
@inline
export function isFileType(type: u32): bool {
  return type <= FILE_TYPE_LIMIT;
}

// @ts-ignore: decorator
@inline
export function opFlags(record: usize): u32 {
  return load<u32>(record, FILE_OP_FLAGS);
}

// @ts-ignore: decorator
@inline
export function pathLength(record: usize): u32 {
  return load<u16>(record, FILE_PATH_LEN);
}

// @ts-ignore: decorator
@inline
export function destinationLength(record: usize): u32 {
  return load<u16>(record, FILE_DEST_LEN);
}

// @ts-ignore: decorator
@inline
export function pathOf(record: usize): usize {
  return record + PATHS;
}

// @ts-ignore: decorator
@inline
export function destinationOf(record: usize): usize {
  return record + PATHS + pad8(pathLength(record));
}

// @ts-ignore: decorator
@inline
export function textOf(record: usize): usize {
  return destinationOf(record) + pad8(destinationLength(record));
}

// @ts-ignore: decorator
@inline
export function textLength(record: usize): u32 {
  return load<u16>(record, FILE_TEXT_LEN);
}

// @ts-ignore: decorator
@inline
export function commOf(record: usize): usize {
  return record + RECORD_COMM;
}

// @ts-ignore: decorator
@inline
export function filesystemOf(record: usize): usize {
  return record + FILE_FILESYSTEM;
}

// @ts-ignore: decorator
@inline
export function pad8(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

/** Whether a header fits in the `available` bytes and the record's size does not contradict them. */
// @ts-ignore: decorator
@inline
export function headerFits(record: usize, available: u32): bool {
  return available >= HEADER_BYTES && sizeOf(record) >= HEADER_BYTES && sizeOf(record) <= available;
}

/** Whether a record with a sound header holds its type's fields, and a file event its paths and text. */
// @ts-ignore: decorator
@inline
export function bodyFits(record: usize): bool {
  if (!isFileType(typeOf(record))) return true;
  const size = sizeOf(record);
  if (size < PATHS) return false;
  const path = pathLength(record);
  const destination = destinationLength(record);
  const text = textLength(record);
  return (
    path <= PATH_LIMIT &&
    destination <= PATH_LIMIT &&
    text <= TEXT_LIMIT &&
    PATHS + pad8(path) + pad8(destination) + pad8(text) <= size
  );
}

/** Bytes of a text of two words up to its first NUL. */
export function shortLength(text: usize): u32 {
  const first = zeroBytes(load<u64>(text));
  if (first != 0) return (ctz(first) >> 3) as u32;
  const second = zeroBytes(load<u64>(text, WORD_BYTES));
  return second != 0 ? WORD_BYTES + ((ctz(second) >> 3) as u32) : COMM_LIMIT;
}

/** The lowest bit set is in the first byte of the word that is zero. */
// @ts-ignore: decorator
@inline
function zeroBytes(word: u64): u64 {
  return (word - 0x0101010101010101) & ~word & 0x8080808080808080;
}

/** Where the last component of the `length` bytes at `path` starts, counted from `path`. */
export function nameStart(path: usize, length: u32): u32 {
  while (length != 0 && load<u8>(path + length - 1) != SLASH) length--;
  return length;
}

/** Where the extension of the `length` bytes at `path` starts, `length` when there is none. */
export function extensionStart(path: usize, length: u32): u32 {
  for (let at = length; at != 0; at--) {
    const byte = load<u8>(path + at - 1);
    if (byte == DOT) return at - 1;
    if (byte == SLASH) break;
  }
  return length;
}

/** Bytes before the first dot. */
export function prefixLength(text: usize, length: u32): u32 {
  for (let at: u32 = 0; at < length; at++) if (load<u8>(text + at) == DOT) return at;
  return length;
}
