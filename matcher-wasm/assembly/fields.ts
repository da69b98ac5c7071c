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
  REF_ARRAY,
  REF_COMM,
  REF_CONTEXT,
  REF_CONTEXT_ID_MASK,
  REF_DESTINATION_NAME,
  REF_DESTINATION_PATH,
  REF_NAME,
  REF_PATH,
} from "../format/layout.ts";
import { contextCount, contextUnknown, contextValue, stringAddress, stringLength } from "./context.ts";
import {
  commLength,
  commOf,
  destinationLength,
  destinationOf,
  nameStart,
  pathLength,
  pathOf,
} from "./record.ts";
import { inSet, sameBytes } from "./strings.ts";

/** The string that `fetch` found last. */
let text: usize = 0;
let textLength: u32 = 0;

function valueCount(ref: u32): u32 {
  return (ref & REF_ARRAY) != 0 ? contextCount(ref & REF_CONTEXT_ID_MASK) : 1;
}

/** Puts value `index` of the field into `text` and `textLength`; an absent scalar is the empty string. */
function fetch(record: usize, ref: u32, index: u32): void {
  if ((ref & REF_CONTEXT) != 0) {
    const id = ref & REF_CONTEXT_ID_MASK;
    textLength = 0;
    if (index >= contextCount(id)) return;
    const value = contextValue(id, index);
    text = stringAddress(value);
    textLength = stringLength(value);
    return;
  }
  if (ref == REF_COMM) {
    text = commOf(record);
    textLength = commLength(record);
    return;
  }
  const destination = ref == REF_DESTINATION_PATH || ref == REF_DESTINATION_NAME;
  text = destination ? destinationOf(record) : pathOf(record);
  textLength = destination ? destinationLength(record) : pathLength(record);
  if (ref == REF_NAME || ref == REF_DESTINATION_NAME) {
    const start = nameStart(text, textLength);
    text += start;
    textLength -= start;
  }
}

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

export function context_unknown(id: u32): bool {
  return contextUnknown(id);
}

/** The integer of a scalar context field, 0 when it is absent. */
export function context_int(id: u32): i64 {
  return contextCount(id) != 0 ? load<i64>(contextValue(id, 0)) : 0;
}

/** Whether any value of an integer array compares so to the constant. */
export function any_int(id: u32, op: u32, constant: i64): bool {
  const count = contextCount(id);
  for (let i: u32 = 0; i < count; i++) {
    if (compare(load<i64>(contextValue(id, i)), op, constant)) return true;
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

/** Whether any value of an integer array is in the set. */
export function any_int_in(id: u32, set: usize): bool {
  const count = contextCount(id);
  for (let i: u32 = 0; i < count; i++) {
    if (int_in(load<i64>(contextValue(id, i)), set)) return true;
  }
  return false;
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
