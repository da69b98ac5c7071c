/**
 * Flag conditions: what `open.flags` must contain for a leaf to be true.
 *
 * A condition is a mask of which at least one bit must be set, or null for none. Masks are unsigned
 * 32-bit numbers. An event satisfies a leaf only if it satisfies the leaf's condition; the converse is
 * not claimed. O_RDONLY is 0, so a test for it yields no condition.
 */
import type { Field } from "@weir/matcher-wasm/format";
import type { IntExpr, Leaf } from "../ir.ts";

export type FlagCondition = number | null;

const ALL = 0xffffffffn;

const isFlags = (field: Field): boolean => field.name === "open.flags";

/** @returns the mask of `open.flags & mask`, all bits for the bare field, undefined for anything else */
function maskOf(expr: IntExpr): bigint | undefined {
  if (expr.kind === "intField") return isFlags(expr.field) ? ALL : undefined;
  if (expr.kind !== "binary" || expr.op !== "&") return undefined;
  const { left, right } = expr;
  if (right.kind === "int" && left.kind === "intField" && isFlags(left.field)) return right.value & ALL;
  if (left.kind === "int" && right.kind === "intField" && isFlags(right.field)) return left.value & ALL;
  return undefined;
}

const condition = (mask: bigint): FlagCondition => (mask === 0n ? null : Number(mask));

/** @returns the condition that the leaf implies */
export function leafFlags(leaf: Leaf): FlagCondition {
  if (leaf.kind === "member") {
    if (leaf.negated || !isFlags(leaf.field) || leaf.values.some((value) => (value & ALL) === 0n)) return null;
    return condition(leaf.values.reduce((union, value) => union | (value & ALL), 0n));
  }
  if (leaf.kind !== "compare" || leaf.right.kind !== "int") return null;
  const mask = maskOf(leaf.left);
  if (mask === undefined) return null;
  const value = leaf.right.value;
  // The masked flags are between 0 and 2^32 - 1, so each of these excludes exactly 0 at least.
  switch (leaf.op) {
    case ">":
      return value >= 0n ? condition(mask) : null;
    case ">=":
      return value >= 1n ? condition(mask) : null;
    case "!=":
      return value === 0n ? condition(mask) : null;
    case "==":
      // All bits of the value are set then; those outside the mask never are.
      return value > 0n ? condition(value & mask) : null;
    default:
      return null;
  }
}

/** Either condition holds. */
export function anyFlags(a: FlagCondition, b: FlagCondition): FlagCondition {
  return a === null || b === null ? null : (a | b) >>> 0;
}

/** Both conditions hold; one mask can say only one of them, the one with fewer bits. */
export function bothFlags(a: FlagCondition, b: FlagCondition): FlagCondition {
  if (a === null || b === null) return a ?? b;
  return bitCount(b) < bitCount(a) ? b : a;
}

/** @returns whether every event that satisfies `narrow` satisfies `wide` */
export function impliesFlags(narrow: FlagCondition, wide: FlagCondition): boolean {
  return wide === null || (narrow !== null && (narrow & ~wide) === 0);
}

export function admitsFlags(mask: FlagCondition, flags: number): boolean {
  return mask === null || (mask & flags) !== 0;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}
