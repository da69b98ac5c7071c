/** The compiler against re2js, and the limits that keep hostile regexes from taking time or memory. */
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { regexSoup, regexText, textBytes } from "../../test/regexes.ts";
import { runAutomaton } from "./automaton.ts";
import { compileRegex, RegexError, RegexLimitError } from "./index.ts";
import { regexMatches } from "./reference.ts";

const RUNS = 500;
const decoder = new TextDecoder("latin1");

test("the automaton fits the texts in which the reference finds a match", { timeout: 60_000 }, () => {
  let compiled = 0;
  let matches = 0;
  let texts = 0;
  fc.assert(
    fc.property(regexText, fc.array(textBytes, { minLength: 12, maxLength: 12 }), (source, samples) => {
      let table: Uint8Array;
      try {
        table = compileRegex(source).table;
      } catch (error) {
        if (error instanceof RegexLimitError) return;
        throw error;
      }
      compiled++;
      for (const bytes of samples) {
        const found = runAutomaton(table, bytes);
        expect({ text: decoder.decode(bytes), found }).toEqual({
          text: decoder.decode(bytes),
          found: regexMatches(source, bytes),
        });
        texts++;
        if (found) matches++;
      }
    }),
    { numRuns: RUNS },
  );
  expect(compiled).toBeGreaterThan(RUNS * 0.9);
  expect(Math.min(matches, texts - matches)).toBeGreaterThan(texts * 0.2);
});

test("what is well formed is the same as for the reference", { timeout: 60_000 }, () => {
  let accepted = 0;
  fc.assert(
    fc.property(regexSoup, (source) => {
      const ours = isAccepted(() => compileRegex(source));
      expect(ours).toBe(isAccepted(() => RE2JS.compile(source)));
      if (ours) accepted++;
    }),
    { numRuns: 2 * RUNS },
  );
  expect(accepted).toBeGreaterThan(RUNS * 0.1);
});

/** Too large is well formed. */
function isAccepted(compile: () => unknown): boolean {
  try {
    compile();
    return true;
  } catch (error) {
    return (
      error instanceof RegexLimitError || (!(error instanceof RegexError) && !/parsing regexp/.test(String(error)))
    );
  }
}
