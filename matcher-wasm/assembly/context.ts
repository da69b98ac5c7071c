/**
 * The context block, written by the host: drawn in `format/module.ts`.
 *
 * Invariant: no address outside the block is read, whatever the block says. A value whose list does not
 * lie inside is not known; a string that does not is empty.
 */
import { CONTEXT } from "../format/layout.ts";
import { CONTEXT_BYTES, CONTEXT_ENTRY_BYTES, CONTEXT_UNKNOWN, CONTEXT_VALUE_BYTES } from "../format/module.ts";

const CONTEXT_ADDRESS: usize = CONTEXT as usize;
const BLOCK_BYTES: u64 = CONTEXT_BYTES;

// @ts-ignore: decorator
@inline
function entryOf(index: u32): usize {
  return CONTEXT_ADDRESS + ((index * CONTEXT_ENTRY_BYTES) as usize);
}

/** Whether the host could not give this value. */
export function contextUnknown(index: u32): bool {
  const entry = entryOf(index);
  const count = load<u32>(entry, 4);
  if (count == (CONTEXT_UNKNOWN as u32)) return true;
  return (load<u32>(entry) as u64) + (count as u64) * CONTEXT_VALUE_BYTES > BLOCK_BYTES;
}

/** Number of values; 0 when they are not known. */
export function contextCount(index: u32): u32 {
  return contextUnknown(index) ? 0 : load<u32>(entryOf(index), 4);
}

/** Where value `at` of an entry lies; only for `at` below its count. */
// @ts-ignore: decorator
@inline
export function contextValue(index: u32, at: u32): usize {
  return CONTEXT_ADDRESS + load<u32>(entryOf(index)) + at * CONTEXT_VALUE_BYTES;
}

// @ts-ignore: decorator
@inline
export function stringAddress(value: usize): usize {
  return CONTEXT_ADDRESS + load<u32>(value);
}

export function stringLength(value: usize): u32 {
  const length = load<u32>(value, 4);
  return (load<u32>(value) as u64) + (length as u64) > BLOCK_BYTES ? 0 : length;
}
