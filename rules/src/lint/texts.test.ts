/** Claims about pairs of tests, compared with all short texts. */
import { expect, test } from "vitest";
import type { StringTest } from "../ir.ts";
import { globMatches, parseGlob, parsePattern, patternMatches } from "../pattern.ts";
import { covers, disjoint, TestSet } from "./texts.ts";

/** All sequences of the items up to a length. */
function sequences(items: readonly string[], most: number): string[][] {
  let last: string[][] = [[]];
  const all: string[][] = [];
  for (let length = 1; length <= most; length++) {
    last = last.flatMap((sequence) => items.map((item) => [...sequence, item]));
    all.push(...last);
  }
  return all;
}

function isWellFormed(parse: (pattern: string) => unknown, pattern: string): boolean {
  try {
    parse(pattern);
    return true;
  } catch {
    return false;
  }
}

/** @returns how many claims there were of the two kinds */
function compare(tests: readonly StringTest[], accepts: (test: StringTest) => readonly boolean[]) {
  const claims = { covers: 0, disjoint: 0 };
  const accepted = new Map(tests.map((one) => [one, accepts(one)]));
  for (const wide of tests)
    for (const narrow of tests) {
      const [w = [], n = []] = [accepted.get(wide), accepted.get(narrow)];
      if (covers(wide, narrow)) {
        claims.covers++;
        if (n.some((yes, i) => yes && !w[i]))
          expect.fail(`${JSON.stringify(wide)} does not cover ${JSON.stringify(narrow)}`);
      }
      if (disjoint(wide, narrow)) {
        claims.disjoint++;
        if (n.some((yes, i) => yes && w[i])) expect.fail(`${JSON.stringify(wide)} meets ${JSON.stringify(narrow)}`);
      }
    }
  return claims;
}

test("globs", () => {
  const patterns = sequences(["a", "*", "a*", "**"], 3).map((parts) => parts.join("/"));
  const globs = [...patterns, ...patterns.map((pattern) => `/${pattern}`)].filter((one) =>
    isWellFormed(parseGlob, one),
  );
  const tests = globs.map((pattern): StringTest => ({ kind: "glob", pattern }));
  const paths = ["/", ...sequences(["a", "b", "ab"], 4).map((parts) => `/${parts.join("/")}`)];
  const claims = compare(tests, (one) => paths.map((path) => one.kind === "glob" && globMatches(one.pattern, path)));
  // Every glob covers itself, and more.
  expect(claims.covers).toBeGreaterThan(2 * tests.length);
  expect(claims.disjoint).toBeGreaterThan(tests.length);
});

test("patterns", () => {
  const patterns = sequences(["a", "b", "*"], 4).map((parts) => parts.join(""));
  const tests = patterns
    .filter((one) => isWellFormed(parsePattern, one))
    .map((pattern): StringTest => ({ kind: "pattern", pattern }));
  const values = ["", ...sequences(["a", "b", "/"], 5).map((parts) => parts.join(""))];
  const claims = compare(tests, (one) =>
    values.map((value) => one.kind === "pattern" && patternMatches(one.pattern, value)),
  );
  expect(claims.covers).toBeGreaterThan(2 * tests.length);
  expect(claims.disjoint).toBeGreaterThan(tests.length);
});

test("long texts are more work to compare than short ones", () => {
  const glob = (pattern: string) => new TestSet([{ kind: "glob", pattern }]);
  expect(glob("/a*").comparisons(glob("/b*"))).toBe(2);
  expect(glob(`/${"a*".repeat(2000)}`).comparisons(glob(`/${"b*".repeat(2000)}`))).toBeGreaterThan(5000);
});
