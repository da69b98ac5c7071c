import { KNOWN_ALL } from "@weir/matcher-wasm/format";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rulesAndEvents } from "../test/arbitraries.ts";
import { evaluate, mayMatch } from "./evaluate.ts";
import { toNnf } from "./nnf.ts";

test("the normal form means the same, and may-match never loses a match", () => {
  fc.assert(
    fc.property(rulesAndEvents({ rulesMax: 1, eventsMax: 5 }), fc.nat(KNOWN_ALL), ({ exprs, events }, known) => {
      for (const expr of exprs) {
        const nnf = toNnf(expr);
        for (const { fields } of events) {
          const truth = evaluate(expr, fields);
          expect(evaluate(nnf, fields)).toBe(truth);
          expect(mayMatch(nnf, fields, KNOWN_ALL)).toBe(truth);
          if (truth) expect(mayMatch(nnf, fields, known)).toBe(true);
        }
      }
    }),
    { numRuns: 400 },
  );
});
