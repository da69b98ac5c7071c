/**
 * Writes context blocks, as `format/module.ts` draws them.
 *
 * Invariant: nothing is cut off. A value that does not fit any more is written as not known, so that every
 * leaf that reads it counts as true: the host reports too much rather than miss a detection.
 */
import {
  CONTEXT_BYTES,
  CONTEXT_ENTRY_BYTES,
  CONTEXT_UNKNOWN,
  CONTEXT_VALUE_BYTES,
  type ContextKey,
  endsKey,
  FIELDS,
  IP_BYTES,
} from "../format/index.ts";
import { addressBytes } from "./address.ts";
import { MatcherInputError } from "./errors.ts";

type Single = string | bigint | boolean | Uint8Array;

/**
 * One value of the context block: strings (as bytes where they are no UTF-8), integers and booleans as they are,
 * addresses as IP_BYTES bytes.
 * `undefined`: there is none, the field has its type's zero value or is an empty list. `null`: it is not known.
 */
export type ContextValue = Single | readonly Single[] | undefined | null;

const encoder = new TextEncoder();

/**
 * @param block CONTEXT_BYTES bytes; what they held is overwritten
 * @param keys the entries of the block, from the module's description
 * @param values in the order of the keys; missing ones at the end are absent
 * @returns the keys that did not fit and were written as not known
 * @throws MatcherInputError when a value does not have its key's type; the block is then undefined
 */
export function writeContext(
  block: Uint8Array,
  keys: readonly ContextKey[],
  values: readonly ContextValue[],
): string[] {
  if (values.length > keys.length)
    throw new MatcherInputError(`${values.length} context values, the module reads ${keys.length}`);
  const view = new DataView(block.buffer, block.byteOffset, CONTEXT_BYTES);
  const unfit: string[] = [];
  let end = keys.length * CONTEXT_ENTRY_BYTES;
  keys.forEach((key, index) => {
    const entry = index * CONTEXT_ENTRY_BYTES;
    const value = values[index];
    const list = value === null || value === undefined ? [] : listOf(key, value);
    const next = value === null ? null : writeList(block, view, end, list);
    if (next === null && value !== null) unfit.push(key.key);
    view.setUint32(entry, next === null ? 0 : end, true);
    view.setInt32(entry + 4, next === null ? CONTEXT_UNKNOWN : list.length, true);
    end = next ?? end;
  });
  return unfit;
}

const TYPES = { string: "string", int: "bigint", bool: "boolean", ip: "object" } as const;

/** @throws MatcherInputError when the value is not of the key's type */
function listOf({ key, type, array }: ContextKey, value: NonNullable<ContextValue>): readonly Single[] {
  const isArray = Array.isArray(value);
  const list: readonly unknown[] = isArray ? value : [value];
  const fits = (entry: unknown): boolean =>
    type === "string" && entry instanceof Uint8Array
      ? true
      : typeof entry === TYPES[type] && (type !== "ip" || (entry instanceof Uint8Array && entry.length === IP_BYTES));
  const odd = list.find((entry) => !fits(entry));
  if (odd !== undefined || isArray !== array)
    throw new MatcherInputError(
      `context value ${key}: expected ${array ? "an array of " : ""}${type}, received ${isArray ? "an array of " : ""}${typeof (odd ?? list[0])}`,
    );
  return list as readonly Single[];
}

/** @returns the next free offset, a multiple of 8; null when the list does not fit behind `at` */
function writeList(block: Uint8Array, view: DataView, at: number, list: readonly Single[]): number | null {
  let end = at + list.length * CONTEXT_VALUE_BYTES;
  if (end > CONTEXT_BYTES) return null;
  for (const [i, value] of list.entries()) {
    const slot = at + i * CONTEXT_VALUE_BYTES;
    if (typeof value === "bigint" || typeof value === "boolean") {
      view.setBigInt64(slot, BigInt.asIntN(64, BigInt(value)), true);
      continue;
    }
    const written = writeText(block, end, value);
    if (written === null) return null;
    view.setUint32(slot, end, true);
    view.setUint32(slot + 4, written, true);
    end += written;
  }
  return (end + 7) & ~7;
}

/** @returns bytes written at `end`, null when there is not enough room */
function writeText(block: Uint8Array, end: number, value: string | Uint8Array): number | null {
  if (typeof value !== "string") {
    if (value.length > CONTEXT_BYTES - end) return null;
    block.set(value, end);
    return value.length;
  }
  const { read, written } = encoder.encodeInto(value, block.subarray(end, CONTEXT_BYTES));
  return read < value.length ? null : written;
}

/**
 * @param keys what a module reads
 * @param type name of the event type
 * @param values an event by field names, `${NAME}` for variables; see `encodeEvent` for what is in the record
 * @returns the context values in the order of the keys
 */
export function contextOfFields(
  keys: readonly ContextKey[],
  type: string,
  values: Readonly<Record<string, unknown>>,
): ContextValue[] {
  return keys.map((key) => {
    const names = namesOf(key.key, type);
    const name = names.find((candidate) => Object.hasOwn(values, candidate) && values[candidate] !== undefined);
    const value = name === undefined ? endsOf(key, values) : values[name];
    return (Array.isArray(value) ? value.map((v) => single(key, v)) : single(key, value)) as ContextValue;
  });
}

/** Where an event does not say it, each value of an array belongs to another ancestor. */
function endsOf({ key }: ContextKey, values: Readonly<Record<string, unknown>>): bigint[] | undefined {
  const array = key.endsWith(endsKey("")) ? values[key.slice(0, -endsKey("").length)] : undefined;
  return Array.isArray(array) ? array.map((_, i) => BigInt(i + 1)) : undefined;
}

/** Fields that have the value of a key in events of the type. */
function namesOf(key: string, type: string): readonly string[] {
  const fields = fieldsByKey.get(key);
  return fields === undefined
    ? [key]
    : fields.filter((f) => f.event === undefined || f.event === type).map((f) => f.name);
}

const fieldsByKey = Map.groupBy(
  FIELDS.filter(({ source }) => source.from === "context"),
  ({ source }) => (source.from === "context" ? source.key : ""),
);

function single({ type }: ContextKey, value: unknown): unknown {
  if (typeof value === "number") return BigInt(value);
  if (type === "ip" && typeof value === "string") return addressBytes(value) ?? value;
  return value;
}
