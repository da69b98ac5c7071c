import { expect, test } from "vitest";
import { AUTOMATON_WORK_MAX, compileRegex } from "./regex/index.ts";
import { RegexBudget } from "./regex-budget.ts";
import { parseExpression, parseMacro } from "./syntax/parser.ts";

const comparison = (source: string) => parseExpression(`open.file.name =~ r"${source}"`);

test("regexes count until the set has no room, each once, those of macros included", () => {
  const regex = (i: number) => `^[a-z]{1,30}${i}$`;
  const macros = new Map([["m", { root: parseMacro(`[r"${regex(0)}"]`) }]]);
  const budget = new RegexBudget(macros, 10.5 * compileRegex(regex(0)).work);
  for (let i = 0; i < 100; i++) expect(budget.add([parseExpression("open.file.name in m")])).toBe(true);
  let added = 1;
  while (added < 20 && budget.add([comparison(regex(added))])) added++;
  expect(added).toBe(11);
  expect(budget.add([comparison(regex(0))]), "known").toBe(true);
  expect(budget.add([parseExpression("open.file.name in m")]), "known").toBe(true);
  expect(budget.add([parseExpression('open.file.name == "a"')]), "none").toBe(true);
});

test("a regex that is given up counts as what it may cost, one that is wrong as next to nothing", () => {
  const tooComplex = new RegexBudget(new Map(), AUTOMATON_WORK_MAX - 1);
  expect(tooComplex.add([comparison(".*a.{20}$")])).toBe(true);
  expect(tooComplex.add([comparison("b")])).toBe(false);
  const wrong = new RegexBudget(new Map(), 100);
  expect(wrong.add([comparison("(a")])).toBe(true);
  expect(wrong.add([comparison("b")])).toBe(true);
});
