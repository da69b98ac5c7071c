/**
 * A rule's expression as one loop-free function `(record, known) → 0 | 1`.
 *
 * `and` and `or` become a block that the first deciding term leaves, so any number of terms costs one
 * level of nesting. A leaf over anything that is not known counts as true. The runtime always knows the
 * record's own fields (KNOWN_RECORD), so a leaf over them alone asks nothing.
 */
import {
  type Field,
  KNOWN_RECORD,
  OP_EQ,
  OP_GE,
  OP_GT,
  OP_LE,
  OP_LT,
  OP_NE,
  REF_ARRAY,
  REF_COMM,
  REF_CONTEXT,
  REF_DESTINATION_NAME,
  REF_DESTINATION_PATH,
  REF_NAME,
  REF_PATH,
} from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import { knownBits, leafFields } from "../evaluate.ts";
import type { CompareOp, Leaf, Nnf } from "../ir.ts";
import { LinkError } from "./error.ts";
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
import { compileStringTests, putIntSet } from "./string-set.ts";

const OPERATORS: Readonly<Record<CompareOp, number>> = {
  "==": OP_EQ,
  "!=": OP_NE,
  "<": OP_LT,
  "<=": OP_LE,
  ">": OP_GT,
  ">=": OP_GE,
};

/** Whether the expression reads a context field. Iterates, so that no depth can harm it. */
export function readsContext(expr: Nnf): boolean {
  const open: Nnf[] = [expr];
  for (let term = open.pop(); term !== undefined; term = open.pop()) {
    switch (term.kind) {
      case "const":
        break;
      case "and":
      case "or":
        for (const inner of term.terms) open.push(inner);
        break;
      default:
        if (leafFields(term).some((field) => field.source.from === "context")) return true;
    }
  }
  return false;
}

/** Adds the function of one rule to the module. */
export function addPredicate(runtime: Runtime, name: string, expr: Nnf): void {
  const { module: m } = runtime;
  const params = binaryen.createType([binaryen.i32, binaryen.i32]);
  m.addFunction(name, params, binaryen.i32, [], code(runtime, expr, 0));
}

function code(runtime: Runtime, expr: Nnf, depth: number): Code {
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
  const terms = expr.terms.map((term) => code(runtime, term, depth + 1));
  const last = terms.pop();
  if (last === undefined) return m.i32.const(isAnd ? 1 : 0);
  const exits = terms.map((term) => m.drop(m.br(label, isAnd ? m.i32.eqz(term) : term, m.i32.const(isAnd ? 0 : 1))));
  return m.block(label, [...exits, last], binaryen.i32);
}

/** The leaf behind the questions whether what it reads is known. */
function guarded(runtime: Runtime, leaf: Leaf): Code {
  const { module: m } = runtime;
  const fields = leafFields(leaf);
  const bits = fields.reduce((all, field) => all | knownBits(field), 0) & ~KNOWN_RECORD;
  const contextIds = new Set(fields.flatMap(({ source }) => (source.from === "context" ? [source.id] : [])));
  let guardedCode = leafCode(runtime, leaf);
  for (const id of contextIds)
    guardedCode = m.if(runtime.call("context_unknown", [m.i32.const(id)]), m.i32.const(1), guardedCode);
  if (bits === 0) return guardedCode;
  const known = m.i32.and(m.local.get(PARAM_KNOWN, binaryen.i32), m.i32.const(bits));
  return m.if(m.i32.eq(known, m.i32.const(bits)), guardedCode, m.i32.const(1));
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
          m.i32.const(stringRef(leaf.left)),
          m.i32.const(stringRef(leaf.right)),
        ]),
        leaf.negated,
      );
    case "compare":
      return compareCode(runtime, leaf.op, intCode(runtime, leaf.left, 0), intCode(runtime, leaf.right, 0));
    case "member":
      return turned(memberCode(runtime, leaf), leaf.negated);
    case "anyInt":
      return turned(anyIntCode(runtime, leaf), leaf.negated);
    case "bool":
      if (leaf.field.source.from !== "flag")
        throw new LinkError("field", leaf.field.name, `field ${leaf.field.name} is read as a truth value`);
      return turned(flagCode(runtime, leaf.field.source.bit), leaf.negated);
  }
}

function stringCode(runtime: Runtime, leaf: Extract<Leaf, { kind: "string" }>): Code {
  const { module: m } = runtime;
  if (leaf.tests.length === 0) return m.i32.const(0);
  const program = compileStringTests(leaf.tests, runtime.pool);
  const operands = [m.local.get(PARAM_RECORD, binaryen.i32), m.i32.const(stringRef(leaf.field))];
  if (program.kind === "set") return runtime.call("string_in", [...operands, m.i32.const(program.address)]);
  const { address, length } = program.literal;
  return runtime.call("string_is", [...operands, m.i32.const(address), m.i32.const(length)]);
}

function memberCode(runtime: Runtime, leaf: Extract<Leaf, { kind: "member" }>): Code {
  const { module: m } = runtime;
  if (leaf.values.length === 0) return m.i32.const(0);
  const [first] = leaf.values;
  if (!leaf.field.array && first !== undefined && leaf.values.length === 1)
    return compareCode(runtime, "==", intFieldCode(runtime, leaf.field), intConstant(runtime, first));
  const set = m.i32.const(putIntSet(leaf.values, runtime.pool));
  if (!leaf.field.array) return runtime.call("int_in", [intFieldCode(runtime, leaf.field), set]);
  return runtime.call("any_int_in", [m.i32.const(arrayId(leaf.field)), set]);
}

function anyIntCode(runtime: Runtime, leaf: Extract<Leaf, { kind: "anyInt" }>): Code {
  const { module: m } = runtime;
  const constant = intConstant(runtime, leaf.value);
  if (!leaf.field.array) return compareCode(runtime, leaf.op, intFieldCode(runtime, leaf.field), constant);
  return runtime.call("any_int", [m.i32.const(arrayId(leaf.field)), m.i32.const(OPERATORS[leaf.op]), constant]);
}

function arrayId(field: Field): number {
  if (field.source.from === "context") return field.source.id;
  throw new LinkError(
    "field",
    field.name,
    `array field ${field.name} comes from ${field.source.from}, not the context`,
  );
}

/** @returns how the runtime names the string field, see `REF_*` */
function stringRef(field: Field): number {
  const source = field.source;
  switch (source.from) {
    case "path":
      return source.slot === "file" ? REF_PATH : REF_DESTINATION_PATH;
    case "basename":
      return source.slot === "file" ? REF_NAME : REF_DESTINATION_NAME;
    case "comm":
      return REF_COMM;
    case "context":
      return REF_CONTEXT + source.id + (field.array ? REF_ARRAY : 0);
    default:
      throw new LinkError("field", field.name, `field ${field.name} is read as a string but comes from ${source.from}`);
  }
}
