/**
 * What the predicates of linked rules call: tests of string and integer fields by their reference.
 *
 * The record has been admitted by `record.ts` before a predicate runs. None of these decides whether a
 * value is known; the predicate asks for that first.
 */
import {
  INTS_COUNT,
  INTS_VALUES,
  OP_EQ,
  OP_GE,
  OP_GT,
  OP_LE,
  OP_LT,
  OP_NE,
} from "../format/layout.ts";
import { fitsAddresses } from "./addresses.ts";
import { contextCount, contextUnknown, contextValue, stringAddress, stringLength } from "./context.ts";
import { fetch, text, textLength, valueCount } from "./locate.ts";
import { inSet, sameBytes } from "./strings.ts";
import { sameAsTemplate } from "./template.ts";

/** Whether any value of the field is this string. */
export function string_is(record: usize, ref: u32, literal: usize, length: u32): bool {
  const count = valueCount(ref);
  for (let i: u32 = 0; i < count; i++) {
    fetch(record, ref, i);
    if (textLength == length && sameBytes(text, literal, length)) return true;
  }
  return false;
}

/** Whether any value of the field fits the string set. */
export function string_in(record: usize, ref: u32, set: usize): bool {
  const count = valueCount(ref);
  for (let i: u32 = 0; i < count; i++) {
    fetch(record, ref, i);
    if (inSet(set, text, textLength)) return true;
  }
  return false;
}

/** Whether every value of the field fits the string set. */
export function string_all_in(record: usize, ref: u32, set: usize): bool {
  const count = valueCount(ref);
  for (let i: u32 = 0; i < count; i++) {
    fetch(record, ref, i);
    if (!inSet(set, text, textLength)) return false;
  }
  return true;
}

/** Whether any value of the field is what the template gives. */
export function template_is(record: usize, ref: u32, template: usize): bool {
  const count = valueCount(ref);
  for (let i: u32 = 0; i < count; i++) {
    fetch(record, ref, i);
    if (sameAsTemplate(record, text, textLength, template)) return true;
  }
  return false;
}

/** Bytes of a scalar string field. */
export function string_length(record: usize, ref: u32): u32 {
  fetch(record, ref, 0);
  return textLength;
}

/** Whether any value of one field is a value of the other. */
export function same_string(record: usize, left: u32, right: u32): bool {
  const leftCount = valueCount(left);
  const rightCount = valueCount(right);
  for (let i: u32 = 0; i < leftCount; i++) {
    fetch(record, left, i);
    const address = text;
    const length = textLength;
    for (let j: u32 = 0; j < rightCount; j++) {
      fetch(record, right, j);
      if (textLength == length && sameBytes(text, address, length)) return true;
    }
  }
  return false;
}

export function context_unknown(entry: u32): bool {
  return contextUnknown(entry);
}

/** The integer of a scalar value, 0 when it is absent. */
export function context_int(entry: u32): i64 {
  return contextCount(entry) != 0 ? load<i64>(contextValue(entry, 0)) : 0;
}

/** Whether any integer of an array compares so to the other one. */
export function any_int(entry: u32, op: u32, other: i64): bool {
  const count = contextCount(entry);
  for (let i: u32 = 0; i < count; i++) {
    if (compare(load<i64>(contextValue(entry, i)), op, other)) return true;
  }
  return false;
}

/** Whether any integer of one array compares so to any of the other. */
export function any_int_pair(left: u32, op: u32, right: u32): bool {
  const count = contextCount(right);
  for (let i: u32 = 0; i < count; i++) {
    if (any_int(left, op, load<i64>(contextValue(right, i)))) return true;
  }
  return false;
}

function compare(left: i64, op: u32, right: i64): bool {
  switch (op) {
    case OP_EQ:
      return left == right;
    case OP_NE:
      return left != right;
    case OP_LT:
      return left < right;
    case OP_LE:
      return left <= right;
    case OP_GT:
      return left > right;
    case OP_GE:
      return left >= right;
    default:
      return true;
  }
}

/** Whether any integer of an array is in the set. */
export function any_int_in(entry: u32, set: usize): bool {
  const count = contextCount(entry);
  for (let i: u32 = 0; i < count; i++) {
    if (int_in(load<i64>(contextValue(entry, i)), set)) return true;
  }
  return false;
}

/** Whether every integer of an array is in the set. */
export function all_int_in(entry: u32, set: usize): bool {
  const count = contextCount(entry);
  for (let i: u32 = 0; i < count; i++) {
    if (!int_in(load<i64>(contextValue(entry, i)), set)) return false;
  }
  return true;
}

export function int_in(value: i64, set: usize): bool {
  let low: u32 = 0;
  let high = load<u32>(set, INTS_COUNT);
  const values = set + INTS_VALUES;
  while (low < high) {
    const middle = (low + high) >> 1;
    const candidate = load<i64>(values + (middle << 3));
    if (candidate == value) return true;
    if (candidate < value) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** Whether any address of the entry is in the address set; an absent one is in none. */
export function ip_in(entry: u32, set: usize): bool {
  const count = contextCount(entry);
  for (let i: u32 = 0; i < count; i++) {
    const value = contextValue(entry, i);
    if (fitsAddresses(set, stringAddress(value), stringLength(value))) return true;
  }
  return false;
}

/** Whether every address of the entry is in the address set. */
export function ip_all_in(entry: u32, set: usize): bool {
  const count = contextCount(entry);
  for (let i: u32 = 0; i < count; i++) {
    const value = contextValue(entry, i);
    if (!fitsAddresses(set, stringAddress(value), stringLength(value))) return false;
  }
  return true;
}
