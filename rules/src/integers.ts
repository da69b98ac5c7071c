/** Arithmetic of the rule language: signed 64-bit integers that wrap around. */
import type { CompareOp } from "./ir.ts";

export const wrap64 = (value: bigint): bigint => BigInt.asIntN(64, value);

export function applyUnary(op: "-" | "^", value: bigint): bigint {
  return wrap64(op === "-" ? -value : ~value);
}

export function applyBinary(op: "+" | "-" | "&" | "|" | "^", left: bigint, right: bigint): bigint {
  switch (op) {
    case "+":
      return wrap64(left + right);
    case "-":
      return wrap64(left - right);
    case "&":
      return left & right;
    case "|":
      return left | right;
    case "^":
      return left ^ right;
  }
}

export function compareInts(op: CompareOp, left: bigint, right: bigint): boolean {
  switch (op) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

/** The operator that holds exactly where this one does not. */
export const INVERSE: Readonly<Record<CompareOp, CompareOp>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
};

/** The operator for exchanged operands. */
export const MIRRORED: Readonly<Record<CompareOp, CompareOp>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
};
