/** Globs, patterns and sets in the runtime against the reference matching, every text with every test. */
import { type Field, findField, RING_HEADER_BYTES } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contextOf, encodeStamped, loadRules } from "../../test/linked.ts";
import { globText, patternText } from "../../test/text-arbitraries.ts";
import { evaluate } from "../evaluate.ts";
import type { CheckedRule, StringTest } from "../ir.ts";

const SAMPLES = 150;
const SEED = 3;

/** Texts close to a pattern: its stars replaced by nothing, a letter, or parts with slashes. */
const near = (pattern: string): string[] =>
  ["", "a", "b/c", "/", "a.conf", "x/y/z"].map((filling) => pattern.replaceAll(/\*+/g, filling));

/** Judges every text by every test through one context field, which no index touches. */
async function compare(fieldName: string, tests: readonly (readonly StringTest[])[], texts: readonly string[]) {
  const field = findField(fieldName) as Field;
  const rules = tests.map(
    (test, i): CheckedRule => ({
      id: `r${i}`,
      event: "open",
      expr: { kind: "string", field, tests: test, negated: false },
    }),
  );
  const matcher = await loadRules(rules);
  matcher.input.set(encodeStamped({ type: "open", fields: { "open.file.path": "/a" }, stamp: {} }), RING_HEADER_BYTES);
  let matches = 0;
  for (const text of texts) {
    const fields = { [fieldName]: text };
    const expected = rules.flatMap((rule, i) => (evaluate(rule.expr, fields) ? [i] : []));
    const found = matcher
      .matchContext(RING_HEADER_BYTES, contextOf(matcher, { type: "open", fields }))
      .sort((a, b) => a - b);
    expect({ text, found }).toEqual({ text, found: expected });
    matches += found.length;
  }
  return matches;
}

describe("string tests of the runtime", { timeout: 60_000 }, () => {
  it("fit the same paths as path globs", async () => {
    const globs = [
      ...new Set([
        "/etc/**",
        "/**",
        "**",
        "**/a",
        "/a/**/a",
        "/*",
        "*",
        "/a*b*/c",
        "**/*/*/b",
        "/**/*/*/*",
        ...fc.sample(globText, { numRuns: SAMPLES, seed: SEED }),
      ]),
    ];
    const texts = [
      ...new Set(["", "/", "//", "/etc", "/etc/", "a", "/a/a", "/b", "b", "a/b", ...globs.slice(0, 30).flatMap(near)]),
    ];
    const tests = globs.map((pattern): StringTest[] => [{ kind: "glob", pattern }]);
    expect(await compare("process.file.path", tests, texts)).toBeGreaterThan(texts.length);
  });

  it("fit the same strings as flat patterns", async () => {
    const patterns = [
      ...new Set(["*", "a*", "*a", "a*a", "*a*", "a*b*a", ...fc.sample(patternText, { numRuns: SAMPLES, seed: SEED })]),
    ];
    const texts = [...new Set(["", "a", "aa", "aba", "abba", "ab/ba", ...patterns.slice(0, 40).flatMap(near)])];
    const tests = patterns.map((pattern): StringTest[] => [{ kind: "pattern", pattern }]);
    expect(await compare("process.args", tests, texts)).toBeGreaterThan(texts.length);
  });

  it("find every length of string in a set", async () => {
    const strings = Array.from({ length: 40 }, (_, length) => "abcdefgh".repeat(5).slice(0, length));
    const tests: StringTest[][] = [
      strings.filter((_, i) => i % 2 === 0).map((value) => ({ kind: "equals", value })),
      [
        ...strings.slice(0, 3).map((value): StringTest => ({ kind: "equals", value })),
        { kind: "pattern", pattern: "ab*gh" },
      ],
      ...strings.map((value): StringTest[] => [{ kind: "equals", value }]),
    ];
    const changed = strings.filter((s) => s !== "").map((s) => `${s.slice(0, -1)}X`);
    expect(await compare("process.args", tests, [...strings, ...changed])).toBeGreaterThan(strings.length);
  });

  it("take linear time where backtracking would not end", async () => {
    const pattern = `${"a*".repeat(1000)}b`;
    expect(await compare("process.args", [[{ kind: "pattern", pattern }]], ["a".repeat(100_000)])).toBe(0);
  });
});
