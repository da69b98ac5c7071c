/**
 * One form for expressions that differ only in the order and repetition of their parts. For expressions over
 * directories, whose string leaves all read the same field.
 *
 * Invariant: the result holds for exactly what the input holds for.
 */
import type { Leaf, Nnf, StringTest } from "../ir.ts";

type StringLeaf = Extract<Leaf, { kind: "string" }>;

/** @returns an equivalent expression: string leaves of one junction united where it allows, all parts sorted, each once */
export function canonical(expr: Nnf): Nnf {
  if (expr.kind === "string") return withTests(expr, expr.tests);
  if (expr.kind !== "and" && expr.kind !== "or") return expr;
  const terms = expr.terms.map(canonical);
  // One of these or one of those; none of these and none of those.
  const unites = (term: Nnf): term is StringLeaf => term.kind === "string" && term.negated === (expr.kind === "and");
  const united = terms.filter(unites);
  const [first] = united;
  const others = terms.filter((term) => !unites(term));
  const all =
    first === undefined
      ? others
      : [
          withTests(
            first,
            united.flatMap(({ tests }) => tests),
          ),
          ...others,
        ];
  const byKey = new Map(all.map((term) => [structureKey(term), term]));
  const sorted = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, term]) => term);
  return sorted.length === 1 ? (sorted[0] as Nnf) : { kind: expr.kind, terms: sorted };
}

/** @returns the same text exactly for expressions of the same structure, whatever field they read */
export function structureKey(expr: Nnf): string {
  return JSON.stringify(expr, (name, value: unknown) => {
    if (name === "field") return undefined;
    return typeof value === "bigint" ? `${value}n` : value;
  });
}

function withTests(leaf: StringLeaf, tests: readonly StringTest[]): StringLeaf {
  const byKey = new Map(tests.map((test) => [JSON.stringify(test), test]));
  return { ...leaf, tests: [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, test]) => test) };
}
