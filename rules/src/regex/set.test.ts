import { expect, test } from "vitest";
import { analysePolicies } from "../analyse.ts";
import { Budget } from "./budget.ts";
import { compileRegex, FILE_REGEX_WORK_MAX, RegexLimitError, RegexSet } from "./index.ts";

const name = (i: number) => `^[a-z]{1,30}${i}$`;

test("a regex is compiled once in a set, whoever asks for it", () => {
  const set = new RegexSet();
  const [first, second] = set.run(() => [compileRegex(name(0)), compileRegex(name(0))]);
  expect(second).toBe(first);
  expect(set.run(() => compileRegex(name(0)))).toBe(first);
  expect(set.compile(name(0))).toBe(first);
  expect(compileRegex(name(0)), "outside of it").not.toBe(first);
  expect(compileRegex(name(0))).toEqual(first);
});

test("sets nest, and end with an error too", () => {
  const [outer, inner] = [new RegexSet(), new RegexSet()];
  outer.run(() => {
    const first = compileRegex("a");
    expect(() =>
      inner.run(() => {
        expect(compileRegex("a")).not.toBe(first);
        throw new RangeError("out");
      }),
    ).toThrow("out");
    expect(compileRegex("a")).toBe(first);
  });
});

test("regexes count until the set has no room, each once", () => {
  const set = new RegexSet(10.5 * compileRegex(name(0)).work);
  const fits = (i: number): boolean => {
    try {
      set.compile(name(i));
      return true;
    } catch (error) {
      expect(error).toMatchObject({ limit: "SET_REGEX_WORK_MAX", maximum: 10.5 * compileRegex(name(0)).work });
      return false;
    }
  };
  let added = 0;
  while (added < 20 && fits(added)) {
    for (let i = 0; i <= added; i++) expect(fits(i)).toBe(true);
    added++;
  }
  expect(added).toBe(10);
  expect(fits(0), "known").toBe(true);
});

test("a regex that is given up counts as what it took, and is not tried again", () => {
  const tooComplex = ".*a.{20}$";
  const alone = new RegexSet();
  expect(() => alone.compile(tooComplex)).toThrow("AUTOMATON_STATES_MAX");
  const set = new RegexSet(alone.work + 1);
  const attempt = (source: string): unknown => {
    try {
      return set.compile(source);
    } catch (error) {
      return error;
    }
  };
  const error = attempt(tooComplex);
  expect(error).toMatchObject({ limit: "AUTOMATON_STATES_MAX" });
  expect(attempt(tooComplex)).toBe(error);
  expect(attempt("b")).toMatchObject({ limit: "SET_REGEX_WORK_MAX" });
  expect(attempt("b")).toBeInstanceOf(RegexLimitError);
  const wrong = new RegexSet(10_000);
  for (let i = 0; i < 3; i++) expect(() => wrong.compile("(a")).toThrow("not closed");
  expect(() => wrong.compile("b")).not.toThrow();
});

test("classes count where they are read, however often the same one is", () => {
  const work = (source: string): number => compileRegex(source).work;
  expect(work(`[${"\\pL".repeat(100)}]`)).toBeGreaterThan(work("[\\pL]") + 99 * 1000);
  expect(() => new Budget("x").spend(1e9)).toThrow("AUTOMATON_WORK_MAX");
});

/** What kept the compiler busy for minutes: more automata than a cache held, asked for in turn. */
test("a small policy of many rules with few large regexes is compiled as fast as those", () => {
  const rules = (count: number) =>
    Array.from(
      { length: count },
      (_, i) => `  - { id: r${i}, expression: 'open.file.name =~ r"(?i)\\pL{${i % 8}}\\b"' }\n`,
    );
  const { ok, regexes } = analysePolicies([{ name: "p", text: `rules:\n${rules(400).join("")}` }]);
  expect(ok).toBe(true);
  const { regexes: few } = analysePolicies([{ name: "p", text: `rules:\n${rules(8).join("")}` }]);
  expect(regexes.work).toBe(few.work);
});

test("a set refuses regexes beyond its limit where they stand, and says both", () => {
  const rules = Array.from(
    { length: 60 },
    (_, i) => `  - { id: r${i}, expression: 'open.file.name =~ r"(?i)\\pL{${10 + i}}\\b"' }\n`,
  );
  const { ok, diagnostics, regexes } = analysePolicies([{ name: "p", text: `rules:\n${rules.join("")}` }]);
  expect(ok).toBe(false);
  expect(regexes.work).toBeLessThan(1.1 * FILE_REGEX_WORK_MAX);
  expect(diagnostics[0]).toMatchObject({ code: "set-too-large" });
  expect(diagnostics[0]?.message).toContain(`at most ${FILE_REGEX_WORK_MAX} are allowed`);
});
