/** What linking refuses, and that it gives the same bytes wherever it runs. */
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Field,
  findField,
  MATCHER_EXPORTS,
  MEMORY_PAGES_MAX,
  MODULE_BYTES_MAX,
  RULES_MAX,
} from "@weir/matcher-wasm/format";
import { admitModule } from "@weir/matcher-wasm/host";
import { describe, expect, it } from "vitest";
import { linkDigest } from "../../test/link-digest.ts";
import { link } from "../../test/linked.ts";
import type { CheckedRule, IntExpr, Nnf } from "../ir.ts";
import { LinkError } from "./error.ts";
import { linkMatcher } from "./link.ts";
import { EXPRESSION_DEPTH_MAX } from "./runtime.ts";

const field = (name: string): Field => {
  const found = findField(name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
};
const ruleOf = (expr: Nnf, i = 0): CheckedRule => ({ id: `rule_${i}`, event: "open", expr });
const uid: Nnf = { kind: "member", field: field("process.uid"), values: [0n], negated: false };

function limitOf(work: () => unknown): { limit: string; value: unknown; maximum: unknown } | null {
  try {
    work();
  } catch (error) {
    if (error instanceof LinkError) return { limit: error.limit, value: error.value, maximum: error.maximum };
    throw error;
  }
  return null;
}

/** Nested so deep, `and` and `or` in turn as in the normal form. */
function nested(depth: number): Nnf {
  let expr: Nnf = uid;
  for (let i = 0; i < depth; i++) expr = { kind: i % 2 === 0 ? "and" : "or", terms: [uid, expr] };
  return expr;
}

/** That many globs of 4,000 bytes in one rule. */
const bulky = (count: number): CheckedRule =>
  ruleOf({
    kind: "string",
    field: field("open.file.path"),
    tests: Array.from({ length: count }, (_, i) => ({
      kind: "glob",
      pattern: `/${String(i).padStart(4000, "x")}*`,
    })),
    negated: true,
  });

describe("linkMatcher", { timeout: 60_000 }, () => {
  it("exports the allow-list and a memory that can't grow", async () => {
    const { exports } = await admitModule(link([ruleOf(uid)]));
    expect(Object.keys(exports).sort()).toEqual([...MATCHER_EXPORTS].sort());
    expect(() => (exports.memory as unknown as { grow(pages: number): void }).grow(1)).toThrow();
  });

  it("links no rules at all", async () => {
    await expect(admitModule(link([]))).resolves.toBeDefined();
  });

  it("refuses one rule too many", () => {
    const rules = Array.from({ length: RULES_MAX + 1 }, (_, i) => ruleOf({ kind: "const", value: true }, i));
    const access = rules.map(() => []);
    expect(limitOf(() => linkMatcher(rules, access))).toEqual({
      limit: "RULES_MAX",
      value: RULES_MAX + 1,
      maximum: RULES_MAX,
    });
    expect(limitOf(() => linkMatcher(rules.slice(1), access.slice(1)))).toBeNull();
  });

  it("refuses nesting that is too deep, naming the rule", () => {
    expect(limitOf(() => link([ruleOf(nested(EXPRESSION_DEPTH_MAX))]))).toBeNull();
    expect(limitOf(() => link([ruleOf(nested(EXPRESSION_DEPTH_MAX + 1))]))).toMatchObject({
      limit: "EXPRESSION_DEPTH_MAX",
      maximum: EXPRESSION_DEPTH_MAX,
    });
    expect(() => linkMatcher([ruleOf(nested(5000))], [[]])).toThrow("rule rule_0");
    let sum: IntExpr = { kind: "intField", field: field("process.uid") };
    for (let i = 0; i < 5000; i++) sum = { kind: "unary", op: "-", operand: sum };
    const compare: Nnf = { kind: "compare", op: "==", left: sum, right: { kind: "int", value: 0n } };
    expect(limitOf(() => linkMatcher([ruleOf(compare)], [[]]))).toMatchObject({ limit: "EXPRESSION_DEPTH_MAX" });
  });

  it("takes a junction of any width", async () => {
    const terms = Array.from({ length: 20_000 }, (): Nnf => uid);
    await expect(admitModule(link([ruleOf({ kind: "or", terms })]))).resolves.toBeDefined();
  });

  it("refuses a module that is too large", () => {
    expect(limitOf(() => link([bulky(4300)]))).toMatchObject({ limit: "MODULE_BYTES_MAX", maximum: MODULE_BYTES_MAX });
  });

  it("refuses more memory than a matcher may have", () => {
    const count = Math.ceil((MEMORY_PAGES_MAX * 65536) / 4000);
    expect(limitOf(() => link([bulky(count)]))).toMatchObject({
      limit: "MEMORY_PAGES_MAX",
      maximum: MEMORY_PAGES_MAX,
    });
  });

  it("refuses an unknown event type", () => {
    expect(limitOf(() => linkMatcher([{ ...ruleOf(uid), event: "bind" }], [[]]))).toMatchObject({
      limit: "event",
      value: "bind",
    });
  });

  it("gives the same bytes twice, and in another process in another folder", () => {
    const here = linkDigest();
    expect(linkDigest()).toBe(here);
    const script = join(import.meta.dirname, "../../test/link-digest.ts");
    const there = execFileSync(process.execPath, [script], { cwd: tmpdir(), encoding: "utf8" });
    expect(there.trim()).toBe(here);
  });
});
