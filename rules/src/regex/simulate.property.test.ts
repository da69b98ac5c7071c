/** Leaving out what is covered must not change what fits: the smallest automaton has one form, with it or without. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { regexText } from "../../test/regexes.ts";
import { Budget } from "./budget.ts";
import { determinise } from "./determinise.ts";
import type { Dfa } from "./dfa.ts";
import { RegexLimitError } from "./error.ts";
import { minimise } from "./minimise.ts";
import { toNfa } from "./nfa.ts";
import { parseRegex } from "./parser.ts";

function smallest(source: string, plainStatesMax: number): { dfa: Dfa; built: number } {
  const budget = new Budget(source);
  const { dfa } = determinise(toNfa(parseRegex(source), source), budget, plainStatesMax);
  return { dfa: minimise(dfa, budget), built: dfa.states };
}

test("the automaton is the same with coverage and without", { timeout: 60_000 }, () => {
  let smaller = 0;
  const counted = fc
    .tuple(
      regexText,
      fc.constantFrom(".", "[ab]", "a", "\\w", "(?:b|K)"),
      fc.constantFrom("{0,4}", "{2,5}", "{3,}"),
      regexText,
    )
    .map(([before, part, count, after]) => `(?:${before})${part}${count}(?:${after})`);
  fc.assert(
    fc.property(fc.oneof(regexText, counted), (source) => {
      try {
        const without = smallest(source, Number.POSITIVE_INFINITY);
        const covered = smallest(source, 0);
        expect(covered.dfa).toEqual(without.dfa);
        // Rarely one more is built: what covers what depends on the way to a state.
        if (covered.built < without.built) smaller++;
      } catch (error) {
        if (!(error instanceof RegexLimitError)) throw error;
      }
    }),
    { numRuns: 400 },
  );
  expect(smaller).toBeGreaterThan(20);
});
