/**
 * Links rules onto the matcher runtime: tables as data, one predicate function per rule and per proof,
 * dispatch through the function table.
 *
 * Invariant: the same rules give the same bytes, on every machine; the result exports `MATCHER_EXPORTS`,
 * imports nothing, has no start function, and its memory can't grow.
 */
import {
  DESCRIPTION_SECTION,
  HEADER,
  MATCHER_EXPORTS,
  type MatcherDescription,
  MEMORY_PAGES_MAX,
  MODULE_BYTES_MAX,
  RULES_MAX,
} from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import type { AccessPredicate, CheckedRule } from "../ir.ts";
import { fieldsOf, programFields } from "../reads.ts";
import { ContextEntries } from "./context-entries.ts";
import { LinkError } from "./error.ts";
import { DataPool } from "./pool.ts";
import { addPredicate, readsContext } from "./predicate.ts";
import { addPrograms } from "./programs.ts";
import { planProofs } from "./proofs.ts";
import { buildHeader } from "./rule-index.ts";
import { Runtime } from "./runtime.ts";

const PAGE_BYTES = 65536;

/**
 * @param rules in the order that gives verdicts their rule index; at most RULES_MAX
 * @param access for each rule, of which an event must satisfy one to have a chance; must be sound
 * @returns a module that `admitModule` of the host accepts
 * @throws LinkError naming the limit and the value that breaks it
 */
export function linkMatcher(
  rules: readonly CheckedRule[],
  access: readonly (readonly AccessPredicate[])[],
): Uint8Array {
  if (rules.length > RULES_MAX)
    throw new LinkError(
      "RULES_MAX",
      rules.length,
      `${rules.length} rules: at most ${RULES_MAX} fit a matcher`,
      RULES_MAX,
    );
  if (access.length !== rules.length)
    throw new TypeError(`access predicates for ${access.length} rules, expected ${rules.length}`);
  const pool = new DataPool();
  const entries = new ContextEntries(rules.flatMap((rule) => [...fieldsOf(rule.expr), ...programFields(rule)]));
  const runtime = new Runtime(pool, entries);
  try {
    return link(runtime, rules, access);
  } finally {
    runtime.module.dispose();
  }
}

function link(
  runtime: Runtime,
  rules: readonly CheckedRule[],
  access: readonly (readonly AccessPredicate[])[],
): Uint8Array {
  const { module: m, pool } = runtime;
  const context = rules.map((rule) => readsContext(rule.expr));
  const proofs = planProofs(rules);
  const header = buildHeader({ rules, access, readsContext: context, proofs }, pool);
  const names = rules.map((rule, i) => {
    const name = `rule${i}`;
    try {
      addPredicate(runtime, name, rule.expr);
    } catch (error) {
      if (error instanceof LinkError)
        throw new LinkError(error.limit, error.value, `rule ${rule.id}: ${error.message}`, error.maximum);
      throw error;
    }
    return name;
  });
  proofs.exprs.forEach((expr, i) => {
    names.push(`proof${i}`);
    addPredicate(runtime, `proof${i}`, expr);
  });

  const programs = addPrograms(runtime, rules, names.length);
  names.push(...programs.functions);

  m.removeTable(runtime.table);
  m.addTable(runtime.table, names.length, names.length);
  m.addActiveElementSegment(runtime.table, "functions", names, m.i32.const(0));
  addDescription(m, {
    format: "weir-matcher/1",
    context: runtime.entries.keys,
    variables: programs.variables,
    programs: programs.programs,
  });
  removeHelperExports(m);
  setMemory(m, header, pool);
  m.runPasses(["remove-unused-module-elements"]);
  const bytes = m.emitBinary();
  if (bytes.length > MODULE_BYTES_MAX)
    throw new LinkError(
      "MODULE_BYTES_MAX",
      bytes.length,
      `the matcher has ${bytes.length} bytes: at most ${MODULE_BYTES_MAX} are allowed`,
      MODULE_BYTES_MAX,
    );
  return bytes;
}

function addDescription(m: binaryen.Module, description: MatcherDescription): void {
  m.addCustomSection(DESCRIPTION_SECTION, new TextEncoder().encode(JSON.stringify(description)));
}

function removeHelperExports(m: binaryen.Module): void {
  const all = Array.from({ length: m.getNumExports() }, (_, i) => binaryen.getExportInfo(m.getExportByIndex(i)).name);
  for (const name of all) if (!MATCHER_EXPORTS.includes(name) || name === "memory") m.removeExport(name);
}

/** Declares exactly the pages that the matcher uses, as initial size and as maximum. */
function setMemory(m: binaryen.Module, header: Uint8Array, pool: DataPool): void {
  const data = new Uint8Array(header.length + pool.byteLength);
  data.set(header);
  data.set(pool.toBytes(), header.length);
  const pages = Math.ceil((HEADER + data.length) / PAGE_BYTES);
  if (pages > MEMORY_PAGES_MAX)
    throw new LinkError(
      "MEMORY_PAGES_MAX",
      pages,
      `the matcher needs ${pages} pages of memory: at most ${MEMORY_PAGES_MAX} are allowed`,
      MEMORY_PAGES_MAX,
    );
  m.setMemory(pages, pages, "memory", [{ offset: m.i32.const(HEADER), data }]);
}
