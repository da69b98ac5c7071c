/**
 * One form for expressions that differ only in the order and repetition of their parts. For expressions over
 * directories, whose string leaves all read the same field.
 *
 * Invariant: the result holds for exactly what the input holds for.
 */
import type { Leaf, Nnf, StringTest } from "../ir.ts";

type StringLeaf = Extract<Leaf, { kind: "string" }>;

export interface Canonical {
  readonly expr: Nnf;
  /** Equal exactly for expressions of the same structure, whatever field they read. */
  readonly key: string;
}

/** @returns an equivalent expression: string leaves of one junction united where it allows, all parts sorted, each once */
export function canonical(expr: Nnf): Canonical {
  if (expr.kind === "string") return withTests(expr, expr.tests);
  if (expr.kind !== "and" && expr.kind !== "or") return { expr, key: plainKey(expr) };
  const terms = expr.terms.map(canonical);
  const united: StringLeaf[] = [];
  const parts: Canonical[] = [];
  for (const term of terms) {
    // One of these or one of those; none of these and none of those.
    if (term.expr.kind === "string" && term.expr.negated === (expr.kind === "and")) united.push(term.expr);
    else parts.push(term);
  }
  const tests = united.flatMap((leaf) => leaf.tests);
  if (united[0] !== undefined) parts.push(withTests(united[0], tests));
  const sorted = sortedOnce(parts, ({ key }) => key);
  const [only] = sorted;
  if (only !== undefined && sorted.length === 1) return only;
  return {
    expr: { kind: expr.kind, terms: sorted.map((term) => term.expr) },
    key: `${expr.kind}(${sorted.map(({ key }) => key).join()})`,
  };
}

function withTests(leaf: StringLeaf, given: readonly StringTest[]): Canonical {
  const tests = sortedOnce(given, (test) => JSON.stringify(test));
  return { expr: { ...leaf, tests }, key: `${leaf.negated ? "!" : ""}${JSON.stringify(tests)}` };
}

/** Of leaves that are no string leaves; the fields are all that tells them from those of other event types. */
function plainKey(expr: Nnf): string {
  return JSON.stringify(expr, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

function sortedOnce<T>(list: readonly T[], keyOf: (entry: T) => string): T[] {
  const byKey = new Map(list.map((entry) => [keyOf(entry), entry]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}
