/** Templates, as `format/layout.ts` draws them: compared part by part, never put together. */
import {
  PART_A,
  PART_B,
  PART_BYTES,
  PART_INT,
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

/** Whether the text is what the template gives for the record. Absent strings are empty, absent integers 0. */
export function sameAsTemplate(record: usize, text: usize, length: u32, template: usize): bool {
  let part = template + TEMPLATE_PARTS;
  for (let i = load<u32>(template, TEMPLATE_COUNT); i != 0; i--, part += PART_BYTES) {
    const kind = load<u32>(part, PART_KIND);
    const a = load<u32>(part, PART_A);
    let bytes: u32 = 0;
    if (kind == PART_INT || kind == PART_RECORD_INT) {
      bytes = decimalPrefix(text, length, kind == PART_INT ? contextInt(a) : (load<u32>(record + a) as i64));
      if (bytes == 0) return false;
    } else {
      let address: usize = a;
      if (kind == PART_LITERAL) {
        bytes = load<u32>(part, PART_B);
      } else if (contextCount(a) != 0) {
        address = stringAddress(contextValue(a, 0));
        bytes = stringLength(contextValue(a, 0));
      }
      if (bytes > length || !sameBytes(text, address, bytes)) return false;
    }
    text += bytes;
    length -= bytes;
  }
  return length == 0;
}

function contextInt(entry: u32): i64 {
  return contextCount(entry) != 0 ? load<i64>(contextValue(entry, 0)) : 0;
}

/** Bytes of the integer in decimal when the text starts with it, else 0. */
function decimalPrefix(text: usize, length: u32, value: i64): u32 {
  const negative: u32 = value < 0 ? 1 : 0;
  let rest: u64 = negative != 0 ? ((0 as u64) - (value as u64)) : (value as u64);
  let digits: u32 = 1;
  for (let tens = rest / 10; tens != 0; tens /= 10) digits++;
  if (digits + negative > length) return 0;
  if (negative != 0 && load<u8>(text) != MINUS) return 0;
  for (let at = negative + digits; at != negative; at--) {
    if (load<u8>(text + at - 1) != ((rest % 10) as u8) + ZERO) return 0;
    rest /= 10;
  }
  return digits + negative;
}
