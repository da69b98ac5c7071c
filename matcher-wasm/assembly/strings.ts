/**
 * String tests over bytes: equality, patterns, globs and sets of them and of automata, on the layouts that
 * `format/layout.ts` draws.
 *
 * Invariant: the work is bounded by the product of the string's and the literal's length; `*` never
 * backtracks, because the leftmost place of each literal leaves the most room for the next one.
 */
import {
  GLOB_AFTER,
  GLOB_BEFORE,
  GLOB_COMPONENTS,
  GLOB_OPEN,
  PATTERN_BYTES_MIN,
  PATTERN_COUNT,
  PATTERN_SEGMENTS,
  SEGMENT_ADDRESS,
  SEGMENT_BYTES,
  SEGMENT_LENGTH,
  SET_GLOBS,
  SET_GLOBS_COUNT,
  SET_PATTERNS,
  SET_PATTERNS_COUNT,
  SET_REGEXES,
  SET_REGEXES_COUNT,
  SET_STRINGS,
  SET_STRINGS_MASK,
  STRING_ADDRESS,
  STRING_ENTRY_BYTES,
  STRING_HASH,
  STRING_LENGTH,
} from "../format/layout.ts";
import { fitsAutomaton } from "./automaton.ts";
import { keepBytes, nameHash } from "./hash.ts";

const SLASH: u8 = 0x2f;
const ADDRESS_BYTES: u32 = 4;
const WORD_BYTES: u32 = 8;

/** Reads whole words, see `hash.ts`. */
export function sameBytes(a: usize, b: usize, length: u32): bool {
  while (length >= WORD_BYTES) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += WORD_BYTES;
    b += WORD_BYTES;
    length -= WORD_BYTES;
  }
  return keepBytes(load<u64>(a) ^ load<u64>(b), length) == 0;
}

/** Whether the string is one of the set's exact strings. */
function inStrings(set: usize, text: usize, length: u32): bool {
  const table: usize = load<u32>(set, SET_STRINGS);
  if (table == 0) return false;
  const mask = load<u32>(set, SET_STRINGS_MASK);
  const hash = nameHash(text, length);
  let i = (hash as u32) & mask;
  let entry = table + ((i * STRING_ENTRY_BYTES) as usize);
  while (load<u32>(entry, STRING_ADDRESS) != 0) {
    if (
      load<u64>(entry, STRING_HASH) == hash &&
      load<u32>(entry, STRING_LENGTH) == length &&
      sameBytes(text, load<u32>(entry, STRING_ADDRESS), length)
    )
      return true;
    i = (i + 1) & mask;
    entry = table + ((i * STRING_ENTRY_BYTES) as usize);
  }
  return false;
}

export function fitsPattern(pattern: usize, text: usize, length: u32): bool {
  if (length < load<u32>(pattern, PATTERN_BYTES_MIN)) return false;
  const count = load<u32>(pattern, PATTERN_COUNT);
  let segment = pattern + PATTERN_SEGMENTS;
  const first = load<u32>(segment, SEGMENT_LENGTH);
  if (count == 1 && length != first) return false;
  if (!sameBytes(text, load<u32>(segment, SEGMENT_ADDRESS), first)) return false;
  if (count == 1) return true;

  // The shortest fit is at most the string's length, so what the last segment needs is there.
  const last = segment + (count - 1) * SEGMENT_BYTES;
  const lastLength = load<u32>(last, SEGMENT_LENGTH);
  const end = text + length - lastLength;
  if (!sameBytes(end, load<u32>(last, SEGMENT_ADDRESS), lastLength)) return false;

  let at = text + first;
  for (segment += SEGMENT_BYTES; segment < last; segment += SEGMENT_BYTES) {
    const bytes = load<u32>(segment, SEGMENT_LENGTH);
    at = find(at, end, load<u32>(segment, SEGMENT_ADDRESS), bytes);
    if (at == 0) return false;
    at += bytes;
  }
  return true;
}

/** @returns the leftmost place of the literal (one byte or more) in [from, end), 0 when there is none */
function find(from: usize, end: usize, literal: usize, length: u32): usize {
  const head = load<u8>(literal);
  for (; from + length <= end; from++) {
    if (load<u8>(from) == head && sameBytes(from, literal, length)) return from;
  }
  return 0;
}

/**
 * The components of a path are what its slashes separate: "/etc" has two, the first one empty. What stands
 * before and what stands after the `**` are compared independently and may overlap.
 */
export function fitsGlob(glob: usize, text: usize, length: u32): bool {
  if (length == 0) return false;
  const end = text + length;
  const before = load<u32>(glob, GLOB_BEFORE);
  let component = glob + GLOB_COMPONENTS;

  // `at` is where the next component starts; past `end` when there is none left.
  let at = text;
  for (let i: u32 = 0; i < before; i++, component += ADDRESS_BYTES) {
    if (at > end) return false;
    const next = componentEnd(at, end);
    if (!fitsPattern(load<u32>(component), at, (next - at) as u32)) return false;
    at = next + 1;
  }
  if (load<u32>(glob, GLOB_OPEN) == 0) return at > end;
  if (at > end) return false;

  // `stop` is where the last component not yet compared ends; before `text` when there is none left.
  let stop = end;
  const after = load<u32>(glob, GLOB_AFTER);
  component += after * ADDRESS_BYTES;
  for (let i: u32 = 0; i < after; i++) {
    if (stop < text) return false;
    component -= ADDRESS_BYTES;
    let start = stop;
    while (start > text && load<u8>(start - 1) != SLASH) start--;
    if (!fitsPattern(load<u32>(component), start, (stop - start) as u32)) return false;
    stop = start - 1;
  }
  return true;
}

function componentEnd(from: usize, end: usize): usize {
  while (from < end && load<u8>(from) != SLASH) from++;
  return from;
}

export function inSet(set: usize, text: usize, length: u32): bool {
  if (inStrings(set, text, length)) return true;
  let list: usize = load<u32>(set, SET_GLOBS);
  for (let i = load<u32>(set, SET_GLOBS_COUNT); i != 0; i--, list += ADDRESS_BYTES) {
    if (fitsGlob(load<u32>(list), text, length)) return true;
  }
  list = load<u32>(set, SET_PATTERNS);
  for (let i = load<u32>(set, SET_PATTERNS_COUNT); i != 0; i--, list += ADDRESS_BYTES) {
    if (fitsPattern(load<u32>(list), text, length)) return true;
  }
  list = load<u32>(set, SET_REGEXES);
  for (let i = load<u32>(set, SET_REGEXES_COUNT); i != 0; i--, list += ADDRESS_BYTES) {
    if (fitsAutomaton(load<u32>(list), text, length)) return true;
  }
  return false;
}
