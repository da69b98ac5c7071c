/**
 * The reference evaluator: walks the tree and does what the rule says. Everything faster is tested
 * against it, so it has no cache and no shortcut that could be wrong.
 *
 * May-match is the same walk in which a leaf that reads anything unknown counts as true, below a negation as
 * false: then false is a proof that no event which agrees in what is known can match.
 */
import {
  FILE_CTIME_NS,
  FILE_INODE,
  FILE_MTIME_NS,
  FILE_OP_FLAGS,
  type Field,
  FLAG_IN_UPPER_LAYER,
  KNOWN_ATTRIBUTES,
  KNOWN_CONTEXT,
  KNOWN_DESTINATION,
  KNOWN_PATH,
  KNOWN_RECORD,
  KNOWN_TEXT,
} from "@weir/matcher-wasm/format";
import { addressBits, familyOf } from "./address.ts";
import { applyBinary, applyUnary, compareInts, wrap64 } from "./integers.ts";
import type { Expr, IntExpr, Leaf, Network, Nnf, StringTest, TemplatePart } from "./ir.ts";
import { matchFlat, matchGlob, parseGlob, parsePattern } from "./pattern.ts";
import { regexMatches } from "./regex/reference.ts";

/** A string is given as text or as raw bytes, an integer as number or bigint. */
export type EventValue = string | Uint8Array | number | bigint | boolean;

/**
 * Values by field name. An absent field has its type's zero value ("" or 0 or false), an absent array
 * none. Nothing is derived: `open.file.name` is empty unless given; see `completeEvent`.
 */
export type EventFields = Readonly<Record<string, EventValue | readonly EventValue[] | undefined>>;

/** An event with what it is judged by. Null: no host would know the value; where everything is known it is absent. */
export type EventState = Readonly<Record<string, EventFields[string] | null>>;

/** The event holds a value that does not fit the field's type. */
export class EventValueError extends TypeError {
  override readonly name = "EventValueError";
  readonly field: string;
  constructor(field: Field, value: unknown) {
    super(
      `event field ${field.name}: expected ${field.array ? "an array of " : ""}${field.type}, received ${typeof value}`,
    );
    this.field = field.name;
  }
}

const encoder = new TextEncoder();

/** @returns the KNOWN_* bit of what a field is read from */
export function knownBits(field: Field): number {
  const source = field.source;
  switch (source.from) {
    case "path":
    case "basename":
    case "extension":
    case "pathLength":
    case "nameLength":
      return source.slot === "file" ? KNOWN_PATH : KNOWN_DESTINATION;
    case "context":
    case "variable":
      return KNOWN_CONTEXT;
    case "text":
    case "textPrefix":
      return KNOWN_TEXT;
    case "filesystem":
      return KNOWN_ATTRIBUTES;
    case "flag":
      return source.bit === FLAG_IN_UPPER_LAYER ? KNOWN_ATTRIBUTES : KNOWN_RECORD;
    case "u32":
    case "u64":
      return isAttribute(source.offset) ? KNOWN_ATTRIBUTES : KNOWN_RECORD;
    case "i32":
    case "id32":
    case "comm":
      return KNOWN_RECORD;
  }
}

const isAttribute = (offset: number): boolean =>
  (offset >= FILE_INODE && offset < FILE_OP_FLAGS) || offset === FILE_MTIME_NS || offset === FILE_CTIME_NS;

/** @throws EventValueError when a value that is read does not fit its field */
export function evaluate(expr: Expr | Nnf, event: EventState): boolean {
  return walk(expr, { event, isKnown: () => true, negated: false });
}

/**
 * @param known KNOWN_* bits of the sources that `event` really holds
 * @returns false only when no completion of the event can match
 */
export function mayMatch(expr: Nnf, event: EventState, known: number): boolean {
  return walk(expr, { event, isKnown: (field) => (knownBits(field) & ~known) === 0, negated: false });
}

/**
 * What a host says of an event of which everything is known that hosts can know: conditions over fields that no host
 * knows count as true, unless the event gives a value.
 * @param negated the expression stands below an odd number of negations, so that such conditions count as false
 * @throws EventValueError when a value that is read does not fit its field
 */
export function evaluateOnHost(expr: Expr | Nnf, event: EventState, negated = false): boolean {
  return walk(expr, { event, isKnown: (field) => isKnownOnHosts(field, event), negated });
}

/** @returns whether a host would know the field's value, which an event may lack all the same; or the event gives one */
export function isKnownOnHosts({ name, unresolved }: Field, event: EventState): boolean {
  return event[name] !== null && (!unresolved || event[name] !== undefined);
}

interface Walk {
  readonly event: EventState;
  readonly isKnown: (field: Field) => boolean;
  readonly negated: boolean;
}

function walk(expr: Expr, options: Walk): boolean {
  switch (expr.kind) {
    case "const":
      return expr.value;
    case "and":
      return expr.terms.every((term) => walk(term, options));
    case "or":
      return expr.terms.some((term) => walk(term, options));
    case "not":
      return !walk(expr.term, { ...options, negated: !options.negated });
    default:
      return leafFields(expr).every(options.isKnown) ? leaf(expr, options.event) : !options.negated;
  }
}

/** @returns the fields that a leaf reads */
export function leafFields(expr: Leaf): readonly Field[] {
  switch (expr.kind) {
    case "compare":
      return [...intFields(expr.left), ...intFields(expr.right)];
    case "sameString":
    case "anyIntPair":
      return [expr.left, expr.right];
    case "anyInt":
      return [expr.field, ...intFields(expr.value)];
    case "string":
      return [expr.field, ...expr.tests.flatMap(testFields)];
    case "exists":
      return [...expr.arrays, ...expr.others];
    case "member":
    case "ip":
    case "bool":
      return [expr.field];
  }
}

const testFields = (test: StringTest): readonly Field[] => (test.kind === "template" ? partFields(test.parts) : []);

/** @returns the fields that a text is put together from */
export function partFields(parts: readonly TemplatePart[]): readonly Field[] {
  return parts.flatMap((part) => (part.kind === "variable" ? [part.field] : []));
}

/** @returns the fields that an integer reads */
export function intFields(expr: IntExpr): readonly Field[] {
  switch (expr.kind) {
    case "int":
      return [];
    case "intField":
      return [expr.field];
    case "unary":
      return intFields(expr.operand);
    case "binary":
      return [...intFields(expr.left), ...intFields(expr.right)];
  }
}

function leaf(expr: Leaf, event: EventState): boolean {
  switch (expr.kind) {
    case "string": {
      const one = (value: Uint8Array): boolean => expr.tests.some((test) => fits(test, value, event));
      return quantified(expr, strings(expr.field, event), one) !== expr.negated;
    }
    case "sameString": {
      const right = strings(expr.right, event);
      return strings(expr.left, event).some((l) => right.some((r) => sameBytes(l, r))) !== expr.negated;
    }
    case "compare":
      return compareInts(expr.op, integer(expr.left, event), integer(expr.right, event));
    case "member": {
      const one = (value: bigint): boolean => expr.values.includes(value);
      return quantified(expr, integers(expr.field, event), one) !== expr.negated;
    }
    case "anyInt": {
      const other = integer(expr.value, event);
      return integers(expr.field, event).some((value) => compareInts(expr.op, value, other)) !== expr.negated;
    }
    case "anyIntPair": {
      const right = integers(expr.right, event);
      const any = integers(expr.left, event).some((l) => right.some((r) => compareInts(expr.op, l, r)));
      return any !== expr.negated;
    }
    case "exists": {
      const count = elementCount(expr.elements, event);
      const holds = (i: number): boolean => evaluate(expr.term, atElement(expr.elements, event, i));
      return Array.from({ length: count }, (_, i) => i).some(holds) !== expr.negated;
    }
    case "ip": {
      const one = (value: bigint): boolean => expr.networks.some((network) => holds(network, value));
      return quantified(expr, addresses(expr.field, event), one) !== expr.negated;
    }
    case "bool":
      return booleans(expr.field, event).includes(expr.value) !== expr.negated;
  }
}

type ElementField = Field & { readonly element: NonNullable<Field["element"]> };

const arrayOf = (event: EventState, { name }: Field): readonly EventValue[] | undefined =>
  Object.hasOwn(event, name) ? ((event[name] as readonly EventValue[] | null | undefined) ?? undefined) : undefined;

/** Without ends each value of an array belongs to another element. */
function elementCount(fields: readonly Field[], event: EventState): number {
  const counts = (fields as readonly ElementField[]).map(({ element: { of, ends } }) => {
    const array = (ends && arrayOf(event, ends)) ?? arrayOf(event, of);
    return array?.length ?? 0;
  });
  return Math.max(0, ...counts);
}

/** The event with what its element at that place has. */
function atElement(fields: readonly Field[], event: EventState, at: number): EventState {
  const own = (fields as readonly ElementField[]).map(({ name, element: { of, ends } }) => {
    const array = arrayOf(event, of) ?? [];
    if (ends === undefined) return [name, array[at]];
    const list = arrayOf(event, ends);
    const end = (i: number): number => (list === undefined ? i + 1 : Number(list[i] ?? 0));
    return [name, list !== undefined && at >= list.length ? [] : array.slice(at === 0 ? 0 : end(at - 1), end(at))];
  });
  return { ...event, ...Object.fromEntries(own) };
}

function quantified<T>({ all }: { readonly all?: true }, list: readonly T[], one: (value: T) => boolean): boolean {
  return all ? list.every(one) : list.some(one);
}

const holds = ({ family, network, mask }: Network, address: bigint): boolean =>
  familyOf(address) === family && (address & mask) === network;

/** @returns what the parts give, however long */
export function templateText(parts: readonly TemplatePart[], event: EventState): Uint8Array {
  const pieces = parts.flatMap((part): Uint8Array[] => {
    if (part.kind === "text") return [encoder.encode(part.value)];
    const { field } = part;
    const list =
      field.type === "int" ? integers(field, event).map((n) => encoder.encode(String(n))) : strings(field, event);
    return list.flatMap((piece, i) => (i === 0 ? [piece] : [COMMA, piece]));
  });
  return Buffer.concat(pieces);
}

const COMMA = encoder.encode(",");

function fits(test: StringTest, value: Uint8Array, event: EventState): boolean {
  switch (test.kind) {
    case "equals":
      return sameBytes(encoder.encode(test.value), value);
    case "glob":
      return matchGlob(parseGlob(test.pattern), value);
    case "pattern":
      return matchFlat(parsePattern(test.pattern), value);
    case "regex":
      return regexMatches(test.source, value);
    case "template":
      return sameBytes(templateText(test.parts, event), value);
  }
}

/** @returns whether both have the same bytes */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function integer(expr: IntExpr, event: EventState): bigint {
  switch (expr.kind) {
    case "int":
      return expr.value;
    case "intField":
      return integers(expr.field, event)[0] ?? 0n;
    case "unary":
      return applyUnary(expr.op, integer(expr.operand, event));
    case "binary":
      return applyBinary(expr.op, integer(expr.left, event), integer(expr.right, event));
  }
}

/** All values of the field; a scalar always has one. */
function values(field: Field, event: EventState, zero: EventValue): readonly EventValue[] {
  const value = Object.hasOwn(event, field.name) ? event[field.name] : undefined;
  if (value === undefined || value === null) return field.array ? [] : [zero];
  const list = Array.isArray(value);
  if (list !== field.array) throw new EventValueError(field, value);
  return list ? value : [value as EventValue];
}

function strings(field: Field, event: EventState): readonly Uint8Array[] {
  return values(field, event, "").map((value) => {
    if (typeof value === "string") return encoder.encode(value);
    if (value instanceof Uint8Array) return value;
    throw new EventValueError(field, value);
  });
}

function integers(field: Field, event: EventState): readonly bigint[] {
  return values(field, event, 0n).map((value) => {
    if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value)))
      return wrap64(BigInt(value));
    throw new EventValueError(field, value);
  });
}

function booleans(field: Field, event: EventState): readonly boolean[] {
  return values(field, event, false).map((value) => {
    if (typeof value === "boolean") return value;
    throw new EventValueError(field, value);
  });
}

/** An absent address is in no network. */
function addresses(field: Field, event: EventState): readonly bigint[] {
  return values(field, event, "").flatMap((value) => {
    if (value === "") return [];
    const bits = typeof value === "string" ? addressBits(value) : undefined;
    if (bits === undefined) throw new EventValueError(field, value);
    return [bits];
  });
}
