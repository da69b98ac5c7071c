/**
 * Integer expressions as WebAssembly: signed 64-bit, wrapping around, as `integers.ts` computes them.
 */
import {
  FILE_DEST_LEN,
  FILE_PATH_LEN,
  type Field,
  ID_UNCHANGED,
  RECORD_FLAGS,
  REF_DESTINATION_NAME,
  REF_NAME,
} from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import type { CompareOp, IntExpr } from "../ir.ts";
import { LinkError } from "./error.ts";
import { type Runtime, requireDepth } from "./runtime.ts";

/** Parameters of every predicate. */
export const PARAM_RECORD = 0;
export const PARAM_KNOWN = 1;

export type Code = binaryen.ExpressionRef;

/** Whether one of the record's flag bits is set, as 0 or 1. */
export function flagCode({ module: m }: Runtime, bit: number): Code {
  const flags = m.i32.load16_u(RECORD_FLAGS, 1, m.local.get(PARAM_RECORD, binaryen.i32));
  return m.i32.ne(m.i32.and(flags, m.i32.const(bit)), m.i32.const(0));
}

/** @throws LinkError when the field holds no integer */
export function intFieldCode(runtime: Runtime, field: Field): Code {
  const { module: m } = runtime;
  const source = field.source;
  const record = m.local.get(PARAM_RECORD, binaryen.i32);
  const masked = (value: Code, mask: number | undefined): Code =>
    mask === undefined ? value : m.i64.and(value, m.i64.const(BigInt(mask)));
  switch (source.from) {
    case "u32":
      return masked(m.i64.load32_u(source.offset, 4, record), source.mask);
    case "i32":
      return masked(m.i64.load32_s(source.offset, 4, record), source.mask);
    case "u64":
      return masked(m.i64.load(source.offset, 8, record), source.mask);
    case "id32": {
      const id = (): Code => m.i32.load(source.offset, 4, m.local.get(PARAM_RECORD, binaryen.i32));
      const unchanged = m.i32.eq(id(), m.i32.const(ID_UNCHANGED | 0));
      return m.select(unchanged, m.i64.const(-1n), m.i64.extend_u(id()));
    }
    case "pathLength":
      return m.i64.load16_u(source.slot === "file" ? FILE_PATH_LEN : FILE_DEST_LEN, 2, record);
    case "nameLength": {
      const ref = source.slot === "file" ? REF_NAME : REF_DESTINATION_NAME;
      return m.i64.extend_u(runtime.call("string_length", [record, m.i32.const(ref)]));
    }
    case "flag":
      return m.i64.extend_u(flagCode(runtime, source.bit));
    case "context":
    case "variable":
      return runtime.call(field.element ? "element_int" : "context_int", [m.i32.const(runtime.entries.entryOf(field))]);
    default:
      throw new LinkError(
        "field",
        field.name,
        `field ${field.name} is read as an integer but comes from ${source.from}`,
      );
  }
}

export function intCode(runtime: Runtime, expr: IntExpr, depth: number): Code {
  requireDepth(depth);
  const { module: m } = runtime;
  switch (expr.kind) {
    case "int":
      return intConstant(runtime, expr.value);
    case "intField":
      return intFieldCode(runtime, expr.field);
    case "unary": {
      const operand = intCode(runtime, expr.operand, depth + 1);
      return expr.op === "-" ? m.i64.sub(m.i64.const(0n), operand) : m.i64.xor(operand, m.i64.const(-1n));
    }
    case "binary": {
      const operations = { "+": m.i64.add, "-": m.i64.sub, "&": m.i64.and, "|": m.i64.or, "^": m.i64.xor };
      const left = intCode(runtime, expr.left, depth + 1);
      return operations[expr.op](left, intCode(runtime, expr.right, depth + 1));
    }
  }
}

export function intConstant({ module: m }: Runtime, value: bigint): Code {
  return m.i64.const(BigInt.asIntN(64, value));
}

export function compareCode({ module: m }: Runtime, op: CompareOp, left: Code, right: Code): Code {
  const operations = {
    "==": m.i64.eq,
    "!=": m.i64.ne,
    "<": m.i64.lt_s,
    "<=": m.i64.le_s,
    ">": m.i64.gt_s,
    ">=": m.i64.ge_s,
  };
  return operations[op](left, right);
}
