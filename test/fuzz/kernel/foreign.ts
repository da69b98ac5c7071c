/** Expressions of the rule language's own generators, as conditions. Loading those takes seconds. */
import { type Expr, leafText } from "@weir/rules";
import { rulesAndEvents } from "@weir/rules/testing";
import fc from "fast-check";
import type { Condition } from "./plan.ts";
import type { Foreign } from "./rules.ts";

function conditionOf(expr: Expr, type: string): Condition {
  switch (expr.kind) {
    case "const":
      return `${type}.retval ${expr.value ? "==" : "!="} 0`;
    case "and":
      return { and: expr.terms.map((term) => conditionOf(term, type)) };
    case "or":
      return { or: expr.terms.map((term) => conditionOf(term, type)) };
    case "not":
      return { not: conditionOf(expr.term, type) };
    default:
      return leafText(expr);
  }
}

export const foreign: Foreign = (seed) => {
  const cases = rulesAndEvents({ rulesMax: 1, eventsMax: 1 });
  const [found] = fc.sample(cases, { seed: seed | 0, numRuns: 1 });
  const { type, exprs } = found as NonNullable<typeof found>;
  return { type, condition: conditionOf(exprs[0] as Expr, type) };
};
