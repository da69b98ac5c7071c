/**
 * The compiled runtime while a matcher is linked onto it: what predicates may call, by name.
 *
 * Invariant: the names that predicates use are found before the runtime's helper exports are removed.
 */
import { readRuntime } from "@weir/matcher-wasm/runtime";
import binaryen from "binaryen";
import type { ContextEntries } from "./context-entries.ts";
import { LinkError } from "./error.ts";
import type { DataPool } from "./pool.ts";

/** Deepest nesting of a rule's expression: code generation and V8's validation recurse. */
export const EXPRESSION_DEPTH_MAX = 256;

/** @throws LinkError when an expression nests deeper than predicates may */
export function requireDepth(depth: number): void {
  if (depth > EXPRESSION_DEPTH_MAX)
    throw new LinkError(
      "EXPRESSION_DEPTH_MAX",
      depth,
      `expression is nested more than ${EXPRESSION_DEPTH_MAX} deep`,
      EXPRESSION_DEPTH_MAX,
    );
}

/** The helpers of `assembly/fields.ts`, `elements.ts` and `programs.ts`; all but those of INTEGERS give an i32. */
const HELPERS = [
  "all_int_in",
  "any_int",
  "any_int_in",
  "any_int_pair",
  "context_int",
  "context_unknown",
  "element_int",
  "emit_int",
  "emit_ints",
  "emit_strings",
  "emit_text",
  "int_in",
  "ip_all_in",
  "ip_in",
  "same_string",
  "set_element",
  "string_all_in",
  "string_in",
  "string_is",
  "string_length",
  "template_is",
  "value_count",
] as const;

const INTEGERS: readonly Helper[] = ["context_int", "element_int"];

export type Helper = (typeof HELPERS)[number];

export class Runtime {
  readonly module: binaryen.Module;
  readonly pool: DataPool;
  readonly entries: ContextEntries;
  /** Internal name of the table that `call_indirect` goes through. */
  readonly table: string;
  readonly #functions: ReadonlyMap<string, string>;

  constructor(pool: DataPool, entries: ContextEntries) {
    this.module = binaryen.readBinary(readRuntime());
    this.pool = pool;
    this.entries = entries;
    this.#functions = new Map(HELPERS.map((name) => [name, internalName(this.module, name)]));
    if (this.module.getNumTables() !== 1)
      throw new LinkError("runtime", this.module.getNumTables(), "the matcher runtime has not exactly one table");
    this.table = binaryen.getTableInfo(this.module.getTableByIndex(0)).name;
  }

  call(helper: Helper, operands: readonly binaryen.ExpressionRef[]): binaryen.ExpressionRef {
    const result = INTEGERS.includes(helper) ? binaryen.i64 : binaryen.i32;
    return this.module.call(this.#functions.get(helper) as string, operands, result);
  }
}

function internalName(module: binaryen.Module, exportName: string): string {
  const ref = module.getExport(exportName);
  if (ref === 0) throw new LinkError("runtime", exportName, `the matcher runtime has no export ${exportName}`);
  return binaryen.getExportInfo(ref).value;
}
