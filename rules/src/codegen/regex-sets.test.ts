/** Regular expressions in the runtime against the reference, on names of any bytes; how they are stored. */
import { encodeSpan, type Field, findField } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeStamped, link, loadRules } from "../../test/linked.ts";
import { regexText, textBytes } from "../../test/regexes.ts";
import { evaluate } from "../evaluate.ts";
import { completeEvent } from "../event.ts";
import type { CheckedRule, Nnf, StringTest } from "../ir.ts";
import { compileRegex, RegexLimitError } from "../regex/index.ts";

const SAMPLES = 150;
const SEED = 3;
const NAME = findField("open.file.name") as Field;
const SLASH = 0x2f;
const DOT = 0x2e;

const ruleOf = (id: string, field: Field, tests: readonly StringTest[]): CheckedRule => ({
  id,
  event: "open",
  expr: { kind: "string", field, tests, negated: false } satisfies Nnf,
});
const regex = (source: string): StringTest => ({ kind: "regex", source });

function isNotTooLarge(source: string): boolean {
  try {
    return compileRegex(source).states > 0;
  } catch (error) {
    if (error instanceof RegexLimitError) return false;
    throw error;
  }
}

test("the runtime matches as the reference does, whatever the bytes", { timeout: 60_000 }, async () => {
  const sources = fc.sample(regexText, { numRuns: SAMPLES, seed: SEED }).filter(isNotTooLarge);
  expect(sources.length).toBeGreaterThan(SAMPLES * 0.9);
  const mixed = [
    ...sources.slice(0, 3).map(regex),
    { kind: "pattern", pattern: "a*b" } as const,
    { kind: "equals", value: "K" } as const,
  ];
  const rules = [...sources.map((source) => [regex(source)]), mixed].map((tests, i) => ruleOf(`r${i}`, NAME, tests));
  const matcher = await loadRules(rules);
  let matches = 0;
  for (const name of fc.sample(textBytes, { numRuns: SAMPLES, seed: SEED })) {
    if (name.every((byte) => byte === DOT)) continue;
    const fields = completeEvent("open", { "open.file.path": Uint8Array.from([SLASH, ...name]) });
    const span = encodeSpan([
      { record: encodeStamped({ type: "open", fields, stamp: { generation: 1, tenants: 1n } }) },
    ]);
    matcher.input.set(span);
    const found = matcher.matchBatch({ length: span.length, generation: 1, tenant: 0 }).map((verdict) => verdict.rule);
    const expected = rules.flatMap((rule, i) => (evaluate(rule.expr, fields) ? [i] : []));
    expect({ name, found: found.sort((a, b) => a - b) }).toEqual({ name, found: expected });
    matches += found.length;
  }
  expect(matches).toBeGreaterThan(SAMPLES * SAMPLES * 0.2);
});

test("equal regexes share one automaton", () => {
  const source = "x[^/]{1,200}y$";
  const tests = (pattern: string): StringTest[] => [regex(source), { kind: "pattern", pattern }];
  const one = link([ruleOf("a", NAME, tests("*a"))]).length;
  const two = link([ruleOf("a", NAME, tests("*a")), ruleOf("b", NAME, tests("*b"))]).length;
  const { table } = compileRegex(source);
  expect(one).toBeGreaterThan(table.length);
  expect(two - one).toBeLessThan(table.length / 4);
});

test("a regex that few texts fit is compared as those", () => {
  const asRegex = link([ruleOf("a", NAME, [regex("^(passwd|shadow)$")])]);
  const asTexts = link([
    ruleOf(
      "a",
      NAME,
      ["passwd", "shadow"].map((value) => ({ kind: "equals", value })),
    ),
  ]);
  expect(asRegex).toEqual(asTexts);
});
