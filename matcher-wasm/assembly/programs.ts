/**
 * Programs of actions: functions of the predicate table that decide a filter, or write the values of a
 * variable to the output and return their number.
 */
import { INPUT, OUTPUT } from "../format/layout.ts";
import {
  INPUT_BYTES,
  PROGRAM_TEXT_BYTES_MAX,
  PROGRAM_UNKNOWN,
  PROGRAM_VALUES_MAX,
  VALUE_BYTES,
} from "../format/module.ts";
import { EVENT_TYPE_MAX, RECORD_HEADER_BYTES } from "../format/record.ts";
import { contextCount, contextValue } from "./context.ts";
import { knownOf } from "./judge.ts";
import { fetch, forgetText, text, textLength, valueCount } from "./locate.ts";
import { bodyFits, headerFits, typeOf } from "./record.ts";
import { TOO_LONG, writeTemplate } from "./template.ts";

const INPUT_ADDRESS: usize = INPUT as usize;
const OUTPUT_ADDRESS: usize = OUTPUT as usize;
const INPUT_LIMIT: u32 = INPUT_BYTES;
const TYPE_LIMIT: u32 = EVENT_TYPE_MAX;
const VALUES_MAX: u32 = PROGRAM_VALUES_MAX;

const TEXT_LIMIT: u32 = PROGRAM_TEXT_BYTES_MAX;

/** Values in the output. */
let emitted: u32 = 0;

export function run_program(index: u32, offset: u32): i32 {
  emitted = 0;
  forgetText();
  if (offset > INPUT_LIMIT - RECORD_HEADER_BYTES) return PROGRAM_UNKNOWN;
  const record = INPUT_ADDRESS + (offset as usize);
  if (!headerFits(record, INPUT_LIMIT - offset) || typeOf(record) > TYPE_LIMIT || !bodyFits(record))
    return PROGRAM_UNKNOWN;
  return call_indirect<i32>(index, record, knownOf(record, true));
}

/** @returns the number of values so far, as all of these do */
export function emit_int(value: i64): u32 {
  if (emitted < VALUES_MAX) store<i64>(OUTPUT_ADDRESS + ((emitted++ * VALUE_BYTES) as usize), value);
  return emitted;
}

/** All integers of an entry of the context block. */
export function emit_ints(entry: u32): u32 {
  const count = contextCount(entry);
  for (let i: u32 = 0; i < count; i++) emit_int(load<i64>(contextValue(entry, i)));
  return emitted;
}

/** All values of a string field. */
export function emit_strings(record: usize, ref: u32): u32 {
  const count = valueCount(ref);
  for (let i: u32 = 0; i < count && emitted < VALUES_MAX; i++) {
    fetch(record, ref, i);
    const value = OUTPUT_ADDRESS + ((emitted++ * VALUE_BYTES) as usize);
    store<u32>(value, text as u32);
    store<u32>(value, textLength, 4);
  }
  return emitted;
}

/** What a template gives: the only value, its text behind it. */
export function emit_text(record: usize, template: usize): i32 {
  const address = OUTPUT_ADDRESS + VALUE_BYTES;
  const length = writeTemplate(record, template, address, TEXT_LIMIT);
  if (length == TOO_LONG) return PROGRAM_UNKNOWN;
  store<u32>(OUTPUT_ADDRESS, address as u32);
  store<u32>(OUTPUT_ADDRESS, length, 4);
  return 1;
}
