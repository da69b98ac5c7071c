/**
 * Durations and points in time. A duration is an integer of nanoseconds. A field that holds a point in time,
 * compared with a duration, means its age at the time of the event, as in SECL.
 */
import { type Field, findField } from "@weir/matcher-wasm/format";
import { MIRRORED } from "../integers.ts";
import type { CompareOp, Expr, IntExpr } from "../ir.ts";
import type { ArithmeticOp } from "../syntax/ast.ts";
import type { Span } from "../syntax/error.ts";
import type { Operand } from "./operand.ts";
import type { Scope } from "./scope.ts";

const HOUR_NS = 3_600_000_000_000n;
const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: HOUR_NS,
};
const LONGEST = (1n << 63n) - 1n;

export function durationOperand(scope: Scope, value: bigint, unit: string, span: Span): Operand {
  const factor = UNITS_NS[unit];
  if (factor === undefined) {
    const hint = unit === "d" ? `write \`${value * 24n}h\`` : `units: ${Object.keys(UNITS_NS).join(", ")}`;
    return scope.fail("type", span, `a duration has no unit \`${unit}\``, hint);
  }
  if (value * factor > LONGEST) scope.fail("type", span, `the duration is longer than ${LONGEST / HOUR_NS} hours`);
  return { type: "int", expr: { kind: "int", value: value * factor }, unit: "duration", span };
}

type Unit = Extract<Operand, { type: "int" }>["unit"];

/**
 * What comes of sums and differences: `1s + 1s` is a duration, and so is what lies between two points in time; a
 * point in time with a duration added or taken off is one. Plain integers count as nanoseconds beside either. Bits of
 * them, and what has no meaning (`1s - event.timestamp`), are plain integers.
 */
export function unitOf(op: ArithmeticOp, left: Unit, right: Unit): Unit {
  if (op !== "+" && op !== "-") return undefined;
  if (right !== "timestamp") return left ?? right;
  if (op === "+") return left === "timestamp" ? undefined : "timestamp";
  return left === "timestamp" ? "duration" : undefined;
}

type Compared = Extract<Operand, { type: "int" | "ints" }>;

/** @returns whether one side is a duration and the other a point in time */
export function isAge(a: Operand, b: Operand): boolean {
  return (isTimestamp(a) && isDuration(b)) || (isDuration(a) && isTimestamp(b));
}

export const isDuration = (operand: Operand): boolean => operand.type === "int" && operand.unit === "duration";
const isTimestamp = (operand: Operand): boolean =>
  (operand.type === "int" && operand.unit === "timestamp") || (operand.type === "ints" && operand.field.timestamp);

/** @returns the comparison of an age with a duration; the sides are those of `isAge` */
export function compareAge(op: CompareOp, left: Compared, right: Compared): Expr {
  if (isDuration(left)) return compareAge(MIRRORED[op], right, left);
  if (right.type !== "int") throw new TypeError("a duration is one integer");
  const now: IntExpr = { kind: "intField", field: findField("event.timestamp") as Field };
  if (left.type === "int")
    return { kind: "compare", op, left: { kind: "binary", op: "-", left: now, right: left.expr }, right: right.expr };
  // Each value v of the array has the age now - v: now - v < d is v > now - d.
  const negated = op === "!=";
  const then: IntExpr = { kind: "binary", op: "-", left: now, right: right.expr };
  return { kind: "anyInt", field: left.field, op: MIRRORED[negated ? "==" : op], value: then, negated };
}
