/**
 * Walks a span of ring records and judges those of one generation and tenant.
 *
 * Which bytes are trusted: none. The ring header is compared with the span before the record behind it is
 * looked at, the record with the ring header, its paths with the record.
 */
import { INPUT } from "../format/layout.ts";
import { INPUT_BYTES, OUTPUT_BYTES, VERDICT_BYTES } from "../format/module.ts";
import {
  EVENT_TYPE_MAX,
  RECORD_HEADER_BYTES,
  RING_BUSY_BIT,
  RING_DISCARD_BIT,
  RING_HEADER_BYTES,
  RING_LENGTH_MASK,
} from "../format/record.ts";
import { clearVerdicts, judge, rowOf, ruleCount, verdictCount } from "./judge.ts";
import { generationOf, hasTenant, headerFits, pad8, bodyFits, typeOf } from "./record.ts";

/** The format's constants are plain integers; here they get the types that they are compared with. */
const INPUT_ADDRESS: usize = INPUT as usize;
const INPUT_LIMIT: u32 = INPUT_BYTES;
const TYPE_LIMIT: u32 = EVENT_TYPE_MAX;
const RING_HEADER: u32 = RING_HEADER_BYTES;
const VERDICTS_MAX: u32 = OUTPUT_BYTES / VERDICT_BYTES;

let resumeAt: u32 = 0;
let consumedTo: u32 = 0;
let malformedRecords: u32 = 0;

export function match_batch(start: u32, length: u32, generation: u32, tenant: u32): u32 {
  length = min(length, INPUT_LIMIT);
  let at = start;
  clearVerdicts();
  malformedRecords = 0;
  while (at <= length && length - at >= RING_HEADER) {
    const header = load<u32>(INPUT_ADDRESS + (at as usize));
    const bytes = header & RING_LENGTH_MASK;
    if ((header & (RING_BUSY_BIT as u32)) != 0 || pad8(bytes) > length - at - RING_HEADER) break;
    if ((header & RING_DISCARD_BIT) == 0 && !judgeRecord(at + RING_HEADER, bytes, generation, tenant)) {
      resumeAt = consumedTo = at;
      return verdictCount();
    }
    at += RING_HEADER + pad8(bytes);
  }
  consumedTo = min(at, length);
  resumeAt = length;
  return verdictCount();
}

/** @returns false when the record's verdicts might not fit into the output any more */
// @ts-ignore: decorator
@inline
function judgeRecord(offset: u32, bytes: u32, generation: u32, tenant: u32): bool {
  const record = INPUT_ADDRESS + (offset as usize);
  if (!headerFits(record, bytes)) {
    malformedRecords++;
    return true;
  }
  if (generationOf(record) != generation || !hasTenant(record, tenant)) return true;
  const type = typeOf(record);
  if (type > TYPE_LIMIT) return true;
  const rules = ruleCount(rowOf(type));
  if (rules == 0) return true;
  if (verdictCount() + rules > VERDICTS_MAX) return false;
  if (bodyFits(record)) judge(record, offset, rowOf(type), false);
  else malformedRecords++;
  return true;
}

export function resume(): u32 {
  return resumeAt;
}

export function consumed(): u32 {
  return consumedTo;
}

export function malformed(): u32 {
  return malformedRecords;
}

export function match_context(offset: u32): u32 {
  clearVerdicts();
  if (offset > INPUT_LIMIT - RECORD_HEADER_BYTES) return 0;
  const record = INPUT_ADDRESS + (offset as usize);
  if (!headerFits(record, INPUT_LIMIT - offset) || typeOf(record) > TYPE_LIMIT) return 0;
  if (bodyFits(record)) judge(record, offset, rowOf(typeOf(record)), true);
  return verdictCount();
}
