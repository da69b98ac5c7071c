/** What the filters of a rule say of hosts, as a part of its condition: one bundle serves all of them. */
import { checkHostFilter } from "./check/index.ts";
import type { Expr, Nnf } from "./ir.ts";
import { toNnf } from "./nnf.ts";
import type { MergedRule, RuleSource } from "./policy/index.ts";

/** On which hosts a rule holds: where its filters do, and those of no other definition that is in force instead. */
export function hostCondition({ source, excluded }: MergedRule): Nnf {
  const exclusions = excluded.map(({ by, unless }): Expr => {
    const not: Expr = { kind: "not", term: gateCondition(by) };
    return { kind: "or", terms: [not, ...unless.map(gateCondition)] };
  });
  return toNnf({ kind: "and", terms: [gateCondition(source), ...exclusions] });
}

/** On which hosts a definition takes part: where one of its filters holds. */
function gateCondition({ gate }: RuleSource): Nnf {
  if (gate.state !== "host") return { kind: "const", value: true };
  const terms = gate.filters.map(({ node, excerpt }) => checkHostFilter(node, excerpt));
  return toNnf({ kind: "or", terms });
}
