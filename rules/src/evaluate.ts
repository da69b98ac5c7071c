/**
 * The reference evaluator: walks the tree and does what the rule says. Everything faster is tested
 * against it, so it has no cache and no shortcut that could be wrong.
 *
 * May-match is the same walk in which a leaf that reads anything unknown counts as true. It needs
 * negation normal form, where every leaf occurs positively: then false is a proof that no event which
 * agrees in what is known can match.
 */
import {
  FILE_INODE,
  FILE_OP_FLAGS,
  type Field,
  KNOWN_ALL,
  KNOWN_ATTRIBUTES,
  KNOWN_CONTEXT,
  KNOWN_DESTINATION,
  KNOWN_PATH,
  KNOWN_RECORD,
} from "@weir/matcher-wasm/format";
import { applyBinary, applyUnary, compareInts, wrap64 } from "./integers.ts";
import type { Expr, IntExpr, Leaf, Nnf, StringTest } from "./ir.ts";
import { matchFlat, matchGlob, parseGlob, parsePattern } from "./pattern.ts";

/** A string is given as text or as raw bytes, an integer as number or bigint. */
export type EventValue = string | Uint8Array | number | bigint | boolean;

/**
 * Values by field name. An absent field has its type's zero value ("" or 0 or false), an absent array
 * none. Nothing is derived: `open.file.name` is empty unless given; see `completeEvent`.
 */
export type EventFields = Readonly<Record<string, EventValue | readonly EventValue[] | undefined>>;

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
    case "pathLength":
      return source.slot === "file" ? KNOWN_PATH : KNOWN_DESTINATION;
    case "context":
      return KNOWN_CONTEXT;
    case "u32":
    case "u64":
      return source.offset >= FILE_INODE && source.offset < FILE_OP_FLAGS ? KNOWN_ATTRIBUTES : KNOWN_RECORD;
    default:
      return KNOWN_RECORD;
  }
}

/** @throws EventValueError when a value that is read does not fit its field */
export function evaluate(expr: Expr | Nnf, event: EventFields): boolean {
  return walk(expr, event, KNOWN_ALL);
}

/**
 * @param known KNOWN_* bits of the sources that `event` really holds
 * @returns false only when no completion of the event can match
 */
export function mayMatch(expr: Nnf, event: EventFields, known: number): boolean {
  return walk(expr, event, known);
}

function walk(expr: Expr, event: EventFields, known: number): boolean {
  switch (expr.kind) {
    case "const":
      return expr.value;
    case "and":
      return expr.terms.every((term) => walk(term, event, known));
    case "or":
      return expr.terms.some((term) => walk(term, event, known));
    case "not":
      return !walk(expr.term, event, known);
    default:
      return leafFields(expr).some((field) => (knownBits(field) & ~known) !== 0) || leaf(expr, event);
  }
}

/** @returns the fields that a leaf reads */
export function leafFields(expr: Leaf): readonly Field[] {
  switch (expr.kind) {
    case "compare":
      return [...intFields(expr.left), ...intFields(expr.right)];
    case "sameString":
      return [expr.left, expr.right];
    default:
      return [expr.field];
  }
}

function intFields(expr: IntExpr): readonly Field[] {
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

function leaf(expr: Leaf, event: EventFields): boolean {
  switch (expr.kind) {
    case "string": {
      const values = strings(expr.field, event);
      return expr.tests.some((test) => values.some((value) => fits(test, value))) !== expr.negated;
    }
    case "sameString": {
      const right = strings(expr.right, event);
      return strings(expr.left, event).some((l) => right.some((r) => sameBytes(l, r))) !== expr.negated;
    }
    case "compare":
      return compareInts(expr.op, integer(expr.left, event), integer(expr.right, event));
    case "member":
      return integers(expr.field, event).some((value) => expr.values.includes(value)) !== expr.negated;
    case "anyInt":
      return integers(expr.field, event).some((value) => compareInts(expr.op, value, expr.value)) !== expr.negated;
    case "bool":
      return boolean(expr.field, event) !== expr.negated;
  }
}

function fits(test: StringTest, value: Uint8Array): boolean {
  switch (test.kind) {
    case "equals":
      return sameBytes(encoder.encode(test.value), value);
    case "glob":
      return matchGlob(parseGlob(test.pattern), value);
    case "pattern":
      return matchFlat(parsePattern(test.pattern), value);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function integer(expr: IntExpr, event: EventFields): bigint {
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
function values(field: Field, event: EventFields, zero: EventValue): readonly EventValue[] {
  const value = Object.hasOwn(event, field.name) ? event[field.name] : undefined;
  if (value === undefined) return field.array ? [] : [zero];
  const list = Array.isArray(value);
  if (list !== field.array) throw new EventValueError(field, value);
  return list ? value : [value as EventValue];
}

function strings(field: Field, event: EventFields): readonly Uint8Array[] {
  return values(field, event, "").map((value) => {
    if (typeof value === "string") return encoder.encode(value);
    if (value instanceof Uint8Array) return value;
    throw new EventValueError(field, value);
  });
}

function integers(field: Field, event: EventFields): readonly bigint[] {
  return values(field, event, 0n).map((value) => {
    if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value)))
      return wrap64(BigInt(value));
    throw new EventValueError(field, value);
  });
}

function boolean(field: Field, event: EventFields): boolean {
  const value = values(field, event, false)[0];
  if (typeof value !== "boolean") throw new EventValueError(field, value);
  return value;
}
