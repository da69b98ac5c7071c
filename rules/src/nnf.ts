/**
 * Negation normal form: negations are pushed into the leaves, nested `and`/`or` of the same kind become
 * one, constants are folded away. The result holds for exactly the events for which the input holds.
 */
import { compareInts, INVERSE } from "./integers.ts";
import type { Expr, Leaf, Nnf } from "./ir.ts";

/** @returns an equivalent expression without `not`; a constant only when the whole is constant */
export function toNnf(expr: Expr): Nnf {
  return normalise(expr, false);
}

function normalise(expr: Expr, negate: boolean): Nnf {
  switch (expr.kind) {
    case "const":
      return { kind: "const", value: expr.value !== negate };
    case "not":
      return normalise(expr.term, !negate);
    case "and":
    case "or": {
      const kind = (expr.kind === "and") !== negate ? "and" : "or";
      return junction(
        kind,
        expr.terms.map((term) => normalise(term, negate)),
      );
    }
    default:
      return leaf(expr, negate);
  }
}

/** Flattens, drops neutral constants, and lets an absorbing one decide. */
function junction(kind: "and" | "or", terms: readonly Nnf[]): Nnf {
  const neutral = kind === "and";
  const kept: Nnf[] = [];
  for (const term of terms) {
    if (term.kind === "const") {
      if (term.value !== neutral) return term;
    } else if (term.kind === kind) {
      for (const inner of term.terms) kept.push(inner);
    } else {
      kept.push(term);
    }
  }
  if (kept.length === 0) return { kind: "const", value: neutral };
  return kept.length === 1 ? (kept[0] as Nnf) : { kind, terms: kept };
}

function leaf(expr: Leaf, negate: boolean): Nnf {
  if (expr.kind === "compare") {
    const op = negate ? INVERSE[expr.op] : expr.op;
    if (expr.left.kind === "int" && expr.right.kind === "int")
      return { kind: "const", value: compareInts(op, expr.left.value, expr.right.value) };
    return { ...expr, op };
  }
  const negated = expr.negated !== negate;
  if (expr.kind === "bool" && !expr.field.array) return { ...expr, value: true, negated: negated === expr.value };
  // No test and no value: nothing can be any of them. (All of no values can.)
  if (isEmpty(expr) && !("all" in expr && expr.all)) return { kind: "const", value: negated };
  return { ...expr, negated };
}

function isEmpty(expr: Leaf): boolean {
  if (expr.kind === "string") return expr.tests.length === 0;
  if (expr.kind === "member") return expr.values.length === 0;
  return expr.kind === "ip" && expr.networks.length === 0;
}
