/**
 * From one record to the rules that may match it: the index gives candidates, their predicates decide.
 *
 * Invariant: a rule that could match is always a candidate. Where a path can't be looked up (it is
 * truncated, or not absolute and normalised), every rule of the type is one.
 */
import {
  DEPTH_BIT_MAX,
  HEADER,
  LIST_ENTRY_BYTES,
  LIST_FLAGS_ANY,
  LIST_RULE,
  OUTPUT,
  SLOT_ANCESTOR_DEPTHS,
  SLOT_ANCESTORS,
  SLOT_ANCESTORS_MASK,
  SLOT_NAMES,
  SLOT_NAMES_MASK,
  SLOT_PATH_DEPTHS,
  SLOT_PATHS,
  SLOT_PATHS_MASK,
  SLOT_PREFIX_LENGTHS,
  SLOT_PREFIXES,
  SLOT_PREFIXES_MASK,
  SLOT_SUFFIX_LENGTHS,
  SLOT_SUFFIXES,
  SLOT_SUFFIXES_MASK,
  STAMP_BYTES,
  STAMPS,
  STAMPS_BYTES,
  TABLE_COUNT,
  TABLE_ENTRY_BYTES,
  TABLE_HASH,
  TABLE_LIST,
  TYPE_ALL,
  TYPE_ALL_COUNT,
  TYPE_BYTES,
  TYPE_DESTINATION,
  TYPE_DIRECTORY,
  TYPE_FILE,
  TYPE_HAS_DESTINATION,
  TYPE_PROOFS,
  TYPE_PROOFS_COUNT,
  TYPE_PROVABLE,
  TYPE_UNKEYED,
  TYPE_UNKEYED_COUNT,
} from "../format/layout.ts";
import {
  KNOWN_ALL,
  KNOWN_ATTRIBUTES,
  KNOWN_CONTEXT,
  KNOWN_DESTINATION,
  KNOWN_PATH,
  KNOWN_TEXT,
  VERDICT_BYTES,
  VERDICT_CANDIDATE,
} from "../format/module.ts";
import { childHash, keepBytes, mixWord, nameHash, nameSeed, ROOT_HASH } from "./hash.ts";
import { forgetText } from "./locate.ts";
import {
  destinationLength,
  destinationOf,
  attributesUnknown,
  destinationTruncated,
  isFileType,
  opFlags,
  pathLength,
  pathOf,
  pathTruncated,
  textTruncated,
  typeOf,
} from "./record.ts";

const HEADER_ADDRESS: usize = HEADER as usize;
const STAMPS_ADDRESS: usize = STAMPS as usize;
const OUTPUT_ADDRESS: usize = OUTPUT as usize;
const RULE_MASK: u32 = VERDICT_CANDIDATE - 1;
const WORD_BYTES: u32 = 8;
const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;
/** The byte "/" in every place of a word, and the constants that find a zero byte in one. */
const SLASHES: u64 = 0x2f2f2f2f2f2f2f2f;
const LOW_BITS: u64 = 0x0101010101010101;
const HIGH_BITS: u64 = 0x8080808080808080;

/** The record being judged, its offset in the input, what its predicates may rely on. */
let record: usize = 0;
let recordOffset: u32 = 0;
let known: u32 = 0;
/** Number of this event in the stamps; every rule stamped with it has been judged for it. */
let eventNumber: u32 = 0;
/** Verdicts in the output. */
let verdicts: u32 = 0;

/** Number of verdicts since `clearVerdicts`. */
export function verdictCount(): u32 {
  return verdicts;
}

export function clearVerdicts(): void {
  verdicts = 0;
}

/** Address of the row of an event type. */
// @ts-ignore: decorator
@inline
export function rowOf(type: u32): usize {
  return HEADER_ADDRESS + ((type * TYPE_BYTES) as usize);
}

/** Number of rules that judge events of the row's type. */
// @ts-ignore: decorator
@inline
export function ruleCount(row: usize): u32 {
  return load<u32>(row, TYPE_ALL_COUNT);
}

/** What predicates may rely on for this record, KNOWN_* bits. */
export function knownOf(record: usize, withContext: bool): u32 {
  let bits: u32 = withContext ? KNOWN_ALL : KNOWN_ALL & ~KNOWN_CONTEXT;
  if (pathTruncated(record)) bits &= ~KNOWN_PATH;
  if (destinationTruncated(record)) bits &= ~KNOWN_DESTINATION;
  if (attributesUnknown(record)) bits &= ~KNOWN_ATTRIBUTES;
  if (textTruncated(record)) bits &= ~KNOWN_TEXT;
  return bits;
}

/**
 * Judges one admitted record and appends its verdicts.
 * @param address of the record; @param offset what the verdicts call it
 * @param withContext false: no context is known, rules that read it become candidates; true: the context
 *   block is filled, and only rules that read it are judged
 */
export function judge(address: usize, offset: u32, row: usize, withContext: bool): void {
  record = address;
  recordOffset = offset;
  known = knownOf(address, withContext);
  nextEvent();
  if (isFileType(typeOf(address)) && (known & (KNOWN_PATH | KNOWN_DESTINATION)) == (KNOWN_PATH | KNOWN_DESTINATION)) {
    visit(load<u32>(row, TYPE_UNKEYED), load<u32>(row, TYPE_UNKEYED_COUNT));
    if (
      lookUp(row + TYPE_FILE, pathOf(address), pathLength(address)) &&
      (load<u32>(row, TYPE_HAS_DESTINATION) == 0 ||
        lookUp(row + TYPE_DESTINATION, destinationOf(address), destinationLength(address)))
    )
      return;
  }
  visit(load<u32>(row, TYPE_ALL), load<u32>(row, TYPE_ALL_COUNT));
}

/**
 * @param address of an admitted record whose file is a directory
 * @returns whether no event of the row's type whose file lies directly in it can match any rule
 */
export function isSilent(address: usize, row: usize): bool {
  if (load<u32>(row, TYPE_PROVABLE) == 0 || pathTruncated(address)) return false;
  record = address;
  known = KNOWN_PATH;
  nextEvent();
  clearVerdicts();
  visit(load<u32>(row, TYPE_PROOFS), load<u32>(row, TYPE_PROOFS_COUNT));
  return verdicts == 0 && lookUp(row + TYPE_DIRECTORY, pathOf(address), pathLength(address)) && verdicts == 0;
}

/** Starts a new number; when they have all been used, the stamps of the last round are forgotten. */
function nextEvent(): void {
  forgetText();
  eventNumber++;
  if (eventNumber != 0) return;
  memory.fill(STAMPS, 0, STAMPS_BYTES);
  eventNumber = 1;
}

/** Judges the rules of a list that have not been judged for this event. */
function visit(list: usize, count: u32): void {
  for (; count != 0; count--, list += LIST_ENTRY_BYTES) {
    const flagsAny = load<u32>(list, LIST_FLAGS_ANY);
    if (flagsAny != 0 && (opFlags(record) & flagsAny) == 0) continue;
    const entry = load<u32>(list, LIST_RULE);
    const rule = entry & RULE_MASK;
    const stamp = STAMPS_ADDRESS + ((rule * STAMP_BYTES) as usize);
    if (load<u32>(stamp) == eventNumber) continue;
    store<u32>(stamp, eventNumber);
    const withContext = (known & KNOWN_CONTEXT) != 0;
    if (withContext && (entry & VERDICT_CANDIDATE) == 0) continue;
    if (call_indirect<i32>(rule, record, known) == 0) continue;
    const verdict = OUTPUT_ADDRESS + ((verdicts * VERDICT_BYTES) as usize);
    store<u32>(verdict, recordOffset);
    store<u32>(verdict, withContext ? rule : entry, 4);
    verdicts++;
  }
}

/** Judges the rules that the table lists for the hash. */
// @ts-ignore: decorator
@inline
function visitHash(table: usize, mask: u32, hash: u64): void {
  for (let i = (hash as u32) & mask; ; i = (i + 1) & mask) {
    const entry = table + ((i * TABLE_ENTRY_BYTES) as usize);
    const count = load<u32>(entry, TABLE_COUNT);
    if (count == 0) return;
    if (load<u64>(entry, TABLE_HASH) == hash) {
      visit(load<u32>(entry, TABLE_LIST), count);
      return;
    }
  }
}

/** Bit of a depth in the depth sets of a slot. */
// @ts-ignore: decorator
@inline
function depthBit(depth: u32): u64 {
  return (1 as u64) << (min(depth, DEPTH_BIT_MAX as u32) as u64);
}

/**
 * Walks a path from the root, and judges the rules keyed by the hash of it, of a directory above it or of
 * its last component.
 * @returns false when the path is not absolute and normalised, so that its hashes say nothing
 */
function lookUp(slot: usize, path: usize, length: u32): bool {
  const names: usize = load<u32>(slot, SLOT_NAMES);
  const paths: usize = load<u32>(slot, SLOT_PATHS);
  const ancestors: usize = load<u32>(slot, SLOT_ANCESTORS);
  const affixes: usize = load<u32>(slot, SLOT_PREFIXES) | load<u32>(slot, SLOT_SUFFIXES);
  const ancestorDepths = load<u64>(slot, SLOT_ANCESTOR_DEPTHS);
  const end = path + length;
  if (length == 0 || load<u8>(path) != SLASH) return false;

  let directory = ROOT_HASH;
  let name: u64 = 0;
  let nameLength: u32 = 0;
  let depth: u32 = 0;
  let at = path + 1;
  while (at < end) {
    if ((ancestorDepths & depthBit(depth)) != 0)
      visitHash(ancestors, load<u32>(slot, SLOT_ANCESTORS_MASK), directory);
    const next = slashFrom(at, end);
    nameLength = (next - at) as u32;
    if (next + 1 == end || !isName(at, nameLength)) return false;
    name = hashComponent(at, nameLength);
    directory = childHash(directory, name);
    depth++;
    at = next + 1;
  }
  // `directory` is now the path itself. As its own ancestor it costs a look-up and may save a rule.
  if ((ancestorDepths & depthBit(depth)) != 0)
    visitHash(ancestors, load<u32>(slot, SLOT_ANCESTORS_MASK), directory);
  if ((load<u64>(slot, SLOT_PATH_DEPTHS) & depthBit(depth)) != 0)
    visitHash(paths, load<u32>(slot, SLOT_PATHS_MASK), directory);
  if (depth == 0) return true;
  if (names != 0) visitHash(names, load<u32>(slot, SLOT_NAMES_MASK), name);
  if (affixes != 0) lookUpAffixes(slot, end - nameLength, nameLength);
  return true;
}

/** Judges the rules keyed by how the name of `length` bytes at `name` begins or ends. */
function lookUpAffixes(slot: usize, name: usize, length: u32): void {
  for (let lengths = load<u32>(slot, SLOT_PREFIX_LENGTHS); lengths != 0; lengths &= lengths - 1) {
    const bytes = ctz(lengths);
    if (bytes > length) break;
    visitHash(load<u32>(slot, SLOT_PREFIXES), load<u32>(slot, SLOT_PREFIXES_MASK), nameHash(name, bytes));
  }
  for (let lengths = load<u32>(slot, SLOT_SUFFIX_LENGTHS); lengths != 0; lengths &= lengths - 1) {
    const bytes = ctz(lengths);
    if (bytes > length) break;
    const suffix = name + length - bytes;
    visitHash(load<u32>(slot, SLOT_SUFFIXES), load<u32>(slot, SLOT_SUFFIXES_MASK), nameHash(suffix, bytes));
  }
}

/** Whether a component is neither empty nor `.` nor `..`. */
// @ts-ignore: decorator
@inline
function isName(at: usize, length: u32): bool {
  if (length > 2) return true;
  return length != 0 && (load<u8>(at) != DOT || (length == 2 && load<u8>(at + 1) != DOT));
}

/** Where the first slash of [at, end) is, `end` when there is none. Reads whole words, see `hash.ts`. */
// @ts-ignore: decorator
@inline
function slashFrom(at: usize, end: usize): usize {
  for (; at < end; at += WORD_BYTES) {
    const word = load<u64>(at) ^ SLASHES;
    const zero = (word - LOW_BITS) & ~word & HIGH_BITS;
    if (zero == 0) continue;
    const found = at + ((ctz(zero) >> 3) as usize);
    return found < end ? found : end;
  }
  return end;
}

/** `nameHash`, unrolled into the walk: most components are one or two words. */
// @ts-ignore: decorator
@inline
function hashComponent(at: usize, length: u32): u64 {
  let h = nameSeed(length);
  for (; length >= WORD_BYTES; length -= WORD_BYTES, at += WORD_BYTES) h = mixWord(h, load<u64>(at));
  return length != 0 ? mixWord(h, keepBytes(load<u64>(at), length)) : h;
}
