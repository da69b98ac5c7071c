/**
 * A rule's expression as one loop-free function `(record, known) → 0 | 1`.
 *
 * `and` and `or` become a block that the first deciding term leaves, so any number of terms costs one
 * level of nesting. A leaf over anything that is not known counts as true. The runtime always knows the
 * record's own fields (KNOWN_RECORD), so a leaf over them alone asks nothing.
 */
import { type Field, KNOWN_RECORD, OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OP_NE } from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import { knownBits, leafFields } from "../evaluate.ts";
import type { CompareOp, Leaf, Nnf, StringTest } from "../ir.ts";
import { fieldsOf } from "../reads.ts";
import { putNetworks } from "./address-set.ts";
import { contextKeyOf } from "./context-entries.ts";
import { LinkError } from "./error.ts";
import { existsCode } from "./exists.ts";
import {
  type Code,
  compareCode,
  flagCode,
  intCode,
  intConstant,
  intFieldCode,
  PARAM_KNOWN,
  PARAM_RECORD,
} from "./int-code.ts";
import { type Runtime, requireDepth } from "./runtime.ts";
import { shortTextCode } from "./short-text.ts";
import { stringRef } from "./string-ref.ts";
import { compileStringSet, compileStringTests, putIntSet } from "./string-set.ts";
import { putTemplate } from "./template.ts";

const OPERATORS: Readonly<Record<CompareOp, number>> = {
  "==": OP_EQ,
  "!=": OP_NE,
  "<": OP_LT,
  "<=": OP_LE,
  ">": OP_GT,
  ">=": OP_GE,
};

/** Whether the expression reads anything of the context block. */
export function readsContext(expr: Nnf): boolean {
  for (const field of fieldsOf(expr)) if (contextKeyOf(field) !== undefined) return true;
  return false;
}

/** Adds the function of one expression, which may-matches, to the module. */
export function addPredicate(runtime: Runtime, name: string, expr: Nnf): void {
  const { module: m } = runtime;
  const params = binaryen.createType([binaryen.i32, binaryen.i32]);
  m.addFunction(name, params, binaryen.i32, [], predicateCode(runtime, expr, 0));
}

export function predicateCode(runtime: Runtime, expr: Nnf, depth: number): Code {
  requireDepth(depth);
  const { module: m } = runtime;
  switch (expr.kind) {
    case "const":
      return m.i32.const(expr.value ? 1 : 0);
    case "and":
    case "or":
      return junction(runtime, expr, depth);
    default:
      return guarded(runtime, expr);
  }
}

/** The first term that decides leaves the block with the junction's value; else the last term is the value. */
function junction(runtime: Runtime, expr: Extract<Nnf, { kind: "and" | "or" }>, depth: number): Code {
  const { module: m } = runtime;
  const label = `${expr.kind}${depth}`;
  const isAnd = expr.kind === "and";
  const terms = expr.terms.map((term) => predicateCode(runtime, term, depth + 1));
  const last = terms.pop();
  if (last === undefined) return m.i32.const(isAnd ? 1 : 0);
  const exits = terms.map((term) => m.drop(m.br(label, isAnd ? m.i32.eqz(term) : term, m.i32.const(isAnd ? 0 : 1))));
  return m.block(label, [...exits, last], binaryen.i32);
}

/** The leaf behind the questions whether what it reads is known. */
function guarded(runtime: Runtime, leaf: Leaf): Code {
  return whenKnown(runtime, leafFields(leaf), leafCode(runtime, leaf), 1);
}

/** @returns the code, or `otherwise` where one of the fields that it reads is not known */
export function whenKnown(runtime: Runtime, fields: readonly Field[], then: Code, otherwise: number): Code {
  const { module: m } = runtime;
  const bits = fields.reduce((all, field) => all | knownBits(field), 0) & ~KNOWN_RECORD;
  const entries = new Set(fields.flatMap((field) => (contextKeyOf(field) ? [runtime.entries.entryOf(field)] : [])));
  let guardedCode = then;
  for (const entry of entries)
    guardedCode = m.if(runtime.call("context_unknown", [m.i32.const(entry)]), m.i32.const(otherwise), guardedCode);
  if (bits === 0) return guardedCode;
  const known = m.i32.and(m.local.get(PARAM_KNOWN, binaryen.i32), m.i32.const(bits));
  return m.if(m.i32.eq(known, m.i32.const(bits)), guardedCode, m.i32.const(otherwise));
}

function leafCode(runtime: Runtime, leaf: Leaf): Code {
  const { module: m } = runtime;
  const turned = (test: Code, negated: boolean): Code => (negated ? m.i32.eqz(test) : test);
  switch (leaf.kind) {
    case "string":
      return turned(stringCode(runtime, leaf), leaf.negated);
    case "sameString":
      return turned(
        runtime.call("same_string", [
          m.local.get(PARAM_RECORD, binaryen.i32),
          m.i32.const(stringRef(runtime.entries, leaf.left)),
          m.i32.const(stringRef(runtime.entries, leaf.right)),
        ]),
        leaf.negated,
      );
    case "compare":
      return compareCode(runtime, leaf.op, intCode(runtime, leaf.left, 0), intCode(runtime, leaf.right, 0));
    case "member":
      return turned(memberCode(runtime, leaf), leaf.negated);
    case "anyInt":
      return turned(anyIntCode(runtime, leaf), leaf.negated);
    case "anyIntPair": {
      const entries = [leaf.left, leaf.right].map((field) => m.i32.const(runtime.entries.entryOf(field)));
      const [left, right] = entries as [Code, Code];
      return turned(runtime.call("any_int_pair", [left, m.i32.const(OPERATORS[leaf.op]), right]), leaf.negated);
    }
    case "exists":
      return turned(existsCode(runtime, leaf.elements, predicateCode(runtime, leaf.term, 0)), leaf.negated);
    case "ip": {
      const operands = [
        m.i32.const(runtime.entries.entryOf(leaf.field)),
        m.i32.const(putNetworks(leaf.networks, runtime.pool)),
      ];
      return turned(runtime.call(leaf.all ? "ip_all_in" : "ip_in", operands), leaf.negated);
    }
    case "bool":
      return turned(boolCode(runtime, leaf), leaf.negated);
  }
}

function boolCode(runtime: Runtime, { field, value }: Extract<Leaf, { kind: "bool" }>): Code {
  const { module: m } = runtime;
  const isValue = (test: Code): Code => (value ? test : m.i32.eqz(test));
  if (field.source.from === "flag") return isValue(flagCode(runtime, field.source.bit));
  if (contextKeyOf(field) === undefined)
    throw new LinkError("field", field.name, `field ${field.name} is read as a truth value`);
  if (field.element) return m.i64.ne(intFieldCode(runtime, field), m.i64.const(0n));
  const entry = m.i32.const(runtime.entries.entryOf(field));
  if (field.array) return runtime.call("any_int", [entry, m.i32.const(value ? OP_NE : OP_EQ), m.i64.const(0n)]);
  return isValue(m.i64.ne(runtime.call("context_int", [entry]), m.i64.const(0n)));
}

/** Templates are compared one by one, all other tests at once. */
function stringCode(runtime: Runtime, leaf: Extract<Leaf, { kind: "string" }>): Code {
  const { module: m } = runtime;
  const operands = (): [Code, Code] => [
    m.local.get(PARAM_RECORD, binaryen.i32),
    m.i32.const(stringRef(runtime.entries, leaf.field)),
  ];
  const templates = leaf.tests.filter((test) => test.kind === "template");
  const constant = leaf.tests.filter((test) => test.kind !== "template");
  if (leaf.all) {
    const { address } = compileStringSet(constant, runtime.pool);
    return runtime.call("string_all_in", [...operands(), m.i32.const(address)]);
  }
  const parts = templates.map((test) =>
    runtime.call("template_is", [
      ...operands(),
      m.i32.const(putTemplate(test.parts, runtime.pool, (field) => runtime.entries.entryOf(field))),
    ]),
  );
  if (constant.length > 0)
    parts.unshift(shortTextCode(runtime, leaf.field, constant) ?? constantStringCode(runtime, constant, operands()));
  const [first, ...others] = parts;
  if (first === undefined) return m.i32.const(0);
  return others.reduce((any, part) => m.i32.or(any, part), first);
}

function constantStringCode(runtime: Runtime, tests: readonly StringTest[], operands: readonly Code[]): Code {
  const { module: m } = runtime;
  const program = compileStringTests(tests, runtime.pool);
  if (program.kind === "set") return runtime.call("string_in", [...operands, m.i32.const(program.address)]);
  const { address, length } = program.literal;
  return runtime.call("string_is", [...operands, m.i32.const(address), m.i32.const(length)]);
}

function memberCode(runtime: Runtime, leaf: Extract<Leaf, { kind: "member" }>): Code {
  const { module: m } = runtime;
  if (leaf.values.length === 0 && !leaf.all) return m.i32.const(0);
  const [first] = leaf.values;
  if (!leaf.field.array && first !== undefined && leaf.values.length === 1)
    return compareCode(runtime, "==", intFieldCode(runtime, leaf.field), intConstant(runtime, first));
  const set = m.i32.const(putIntSet(leaf.values, runtime.pool));
  if (!leaf.field.array) return runtime.call("int_in", [intFieldCode(runtime, leaf.field), set]);
  const entry = m.i32.const(runtime.entries.entryOf(leaf.field));
  return runtime.call(leaf.all ? "all_int_in" : "any_int_in", [entry, set]);
}

function anyIntCode(runtime: Runtime, leaf: Extract<Leaf, { kind: "anyInt" }>): Code {
  const { module: m } = runtime;
  const other = intCode(runtime, leaf.value, 0);
  if (!leaf.field.array) return compareCode(runtime, leaf.op, intFieldCode(runtime, leaf.field), other);
  const entry = m.i32.const(runtime.entries.entryOf(leaf.field));
  return runtime.call("any_int", [entry, m.i32.const(OPERATORS[leaf.op]), other]);
}
