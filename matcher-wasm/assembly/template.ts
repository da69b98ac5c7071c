/**
 * Templates, as `format/layout.ts` draws them: compared with a text part by part without being put together, or
 * written out. Both are one walk over the parts, which ends at the first part that does not fit.
 */
import {
  PART_A,
  PART_B,
  PART_BYTES,
  PART_INT,
  PART_INTS,
  PART_KIND,
  PART_LITERAL,
  PART_RECORD_INT,
  TEMPLATE_COUNT,
  TEMPLATE_PARTS,
} from "../format/layout.ts";
import { contextCount, contextValue, stringAddress, stringLength } from "./context.ts";
import { sameBytes } from "./strings.ts";

const ZERO: u8 = 0x30;
const MINUS: u8 = 0x2d;
const COMMA: u8 = 0x2c;

/** What `writeTemplate` gives for a text that has no room. */
export const TOO_LONG: u32 = u32.MAX_VALUE;

/** Where the next piece has to be, or goes to, and how many bytes there are from there on. */
let at: usize = 0;
let left: u32 = 0;
let writes: bool = false;

/** Whether the text is what the template gives for the record. */
export function sameAsTemplate(record: usize, text: usize, length: u32, template: usize): bool {
  at = text;
  left = length;
  writes = false;
  return walk(record, template) && left == 0;
}

/** @returns bytes written, TOO_LONG when `room` is not enough */
export function writeTemplate(record: usize, template: usize, to: usize, room: u32): u32 {
  at = to;
  left = room;
  writes = true;
  return walk(record, template) ? room - left : TOO_LONG;
}

function walk(record: usize, template: usize): bool {
  let part = template + TEMPLATE_PARTS;
  for (let i = load<u32>(template, TEMPLATE_COUNT); i != 0; i--, part += PART_BYTES) {
    if (!walkPart(record, load<u32>(part, PART_KIND), load<u32>(part, PART_A), load<u32>(part, PART_B))) return false;
  }
  return true;
}

function walkPart(record: usize, kind: u32, a: u32, b: u32): bool {
  if (kind == PART_LITERAL) return bytes(a, b);
  if (kind == PART_RECORD_INT) return decimal(load<u32>(record + a) as i64);
  const count = contextCount(a);
  if (kind == PART_INT && count == 0) return decimal(0);
  for (let i: u32 = 0; i < count; i++) {
    if (i != 0 && !byte(COMMA)) return false;
    const value = contextValue(a, i);
    const fits: bool =
      kind == PART_INT || kind == PART_INTS
        ? decimal(load<i64>(value))
        : bytes(stringAddress(value), stringLength(value));
    if (!fits) return false;
  }
  return true;
}

function bytes(address: usize, length: u32): bool {
  if (length > left) return false;
  if (writes) memory.copy(at, address, length);
  else if (!sameBytes(at, address, length)) return false;
  at += length;
  left -= length;
  return true;
}

function byte(value: u8): bool {
  if (left == 0) return false;
  if (writes) store<u8>(at, value);
  else if (load<u8>(at) != value) return false;
  at++;
  left--;
  return true;
}

function decimal(value: i64): bool {
  if (value < 0 && !byte(MINUS)) return false;
  let rest: u64 = value < 0 ? (0 as u64) - (value as u64) : (value as u64);
  let power: u64 = 1;
  while (rest / power >= 10) power *= 10;
  for (; power != 0; power /= 10) {
    if (!byte(((rest / power) as u8) + ZERO)) return false;
    rest %= power;
  }
  return true;
}
