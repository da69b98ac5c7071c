/**
 * Writes context blocks, as `format/module.ts` draws them.
 *
 * Invariant: nothing is cut off. A value that does not fit any more is written as not known, so that every
 * leaf that reads it counts as true: the host reports too much rather than miss a detection.
 */
import {
  CONTEXT_BYTES,
  CONTEXT_ENTRY_BYTES,
  CONTEXT_FIELDS,
  CONTEXT_UNKNOWN,
  CONTEXT_VALUE_BYTES,
  FIELDS,
  type Field,
} from "../format/index.ts";
import { MatcherInputError } from "./errors.ts";

/**
 * The value of one context field. `undefined`: there is none, the field has its type's zero value or is an
 * empty list. `null`: it is not known.
 */
export type ContextValue = string | bigint | readonly string[] | readonly bigint[] | undefined | null;

const fields: readonly Field[] = Array.from({ length: CONTEXT_FIELDS }, (_, id) => {
  const field = FIELDS.find(({ source }) => source.from === "context" && source.id === id);
  if (field === undefined) throw new TypeError(`the field table has no context field ${id}`);
  return field;
});
const encoder = new TextEncoder();

/**
 * @param block CONTEXT_BYTES bytes; what they held is overwritten
 * @param values by context field id; missing ones at the end are absent
 * @returns the names of the fields that did not fit and were written as not known
 * @throws MatcherInputError when a value does not have its field's type; the block is then undefined
 */
export function writeContext(block: Uint8Array, values: readonly ContextValue[]): string[] {
  if (values.length > CONTEXT_FIELDS)
    throw new MatcherInputError(`${values.length} context values, there are ${CONTEXT_FIELDS} fields`);
  const view = new DataView(block.buffer, block.byteOffset, CONTEXT_BYTES);
  const unfit: string[] = [];
  let end = CONTEXT_FIELDS * CONTEXT_ENTRY_BYTES;
  fields.forEach((field, id) => {
    const entry = id * CONTEXT_ENTRY_BYTES;
    const value = values[id];
    const list = value === null || value === undefined ? [] : listOf(field, value);
    const next = value === null ? null : writeList(block, view, end, list);
    if (next === null && value !== null) unfit.push(field.name);
    view.setUint32(entry, next === null ? 0 : end, true);
    view.setInt32(entry + 4, next === null ? CONTEXT_UNKNOWN : list.length, true);
    end = next ?? end;
  });
  return unfit;
}

/** @throws MatcherInputError when the value is not of the field's type */
function listOf(field: Field, value: NonNullable<ContextValue>): readonly (string | bigint)[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const expected = field.type === "int" ? "bigint" : "string";
  const odd = list.find((entry) => typeof entry !== expected);
  if (odd !== undefined || Array.isArray(value) !== field.array)
    throw new MatcherInputError(
      `context field ${field.name}: expected ${field.array ? "an array of " : ""}${expected}, received ${Array.isArray(value) ? "an array of " : ""}${typeof (odd ?? list[0])}`,
    );
  return list as readonly (string | bigint)[];
}

/** @returns the next free offset, a multiple of 8; null when the list does not fit behind `at` */
function writeList(block: Uint8Array, view: DataView, at: number, list: readonly (string | bigint)[]): number | null {
  let end = at + list.length * CONTEXT_VALUE_BYTES;
  if (end > CONTEXT_BYTES) return null;
  for (const [i, value] of list.entries()) {
    const slot = at + i * CONTEXT_VALUE_BYTES;
    if (typeof value === "bigint") {
      view.setBigInt64(slot, BigInt.asIntN(64, value), true);
      continue;
    }
    const { read, written } = encoder.encodeInto(value, block.subarray(end, CONTEXT_BYTES));
    if (read < value.length) return null;
    view.setUint32(slot, end, true);
    view.setUint32(slot + 4, written, true);
    end += written;
  }
  return (end + 7) & ~7;
}

/** @returns the context values among an event's fields, by id; see `encodeEvent` for the others */
export function contextOfFields(values: Readonly<Record<string, unknown>>): ContextValue[] {
  return fields.map((field) => {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    if (typeof value === "number") return BigInt(value);
    return (Array.isArray(value) ? value.map((v) => (typeof v === "number" ? BigInt(v) : v)) : value) as ContextValue;
  });
}
