/**
 * An expression in negation normal form that remembers where each part was written.
 *
 * Chains of one operator are one junction, except across the border of a macro: what a macro says is judged by itself,
 * and what it does in a rule is said of its name.
 */
import type { CheckedExpression, Written } from "../check/index.ts";
import type { Expr, Nnf } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import type { Excerpt } from "../source.ts";

export interface Located {
  readonly kind: "single" | "and" | "or";
  /** The part itself, in negation normal form. */
  readonly nnf: Nnf;
  readonly at: Written;
  /** The text says the opposite, for a negation stands further outside. */
  readonly negated: boolean;
  /** Of a junction. */
  readonly terms: readonly Located[];
}

/** @returns the rule's expression with places; what has none of its own is where its surroundings are */
export function locate({ expr, written }: CheckedExpression, excerpt: Excerpt): Located {
  return build(expr, { written, negate: false, at: { excerpt, span: { start: 0, end: excerpt.text.length } } });
}

interface Context {
  readonly written: ReadonlyMap<Expr, Written>;
  readonly negate: boolean;
  /** Of the part around. */
  readonly at: Written;
}

function build(expr: Expr, { written, negate, at: around }: Context): Located {
  const at = written.get(expr) ?? around;
  if (expr.kind === "not") {
    const inner = build(expr.term, { written, negate: !negate, at });
    // What is written as `not x` says what it says; the parts of a junction in it have places of their own.
    const whole = closed(at);
    return { ...inner, at: whole, negated: negate };
  }
  if (expr.kind !== "and" && expr.kind !== "or") {
    const nnf = toNnf(negate ? { kind: "not", term: expr } : expr);
    return { kind: "single", nnf, at, negated: negate, terms: [] };
  }
  const kind = (expr.kind === "and") === negate ? "or" : "and";
  const terms: Located[] = [];
  for (const term of expr.terms) {
    const part = build(term, { written, negate, at });
    if (part.kind === kind && homeOf(part) === at.excerpt) terms.push(...part.terms);
    else terms.push(part);
  }
  return { kind, nnf: toNnf({ kind, terms: terms.map((term) => term.nnf) }), at, negated: negate, terms };
}

/** The place with the brackets that are opened in it: the syntax tree ends before them. */
function closed({ excerpt, span }: Written): Written {
  const bare = excerpt.text.slice(span.start, span.end).replace(/"(?:[^"\\]|\\.)*"/g, "");
  let open = bare.split("(").length - bare.split(")").length;
  let end = span.end;
  for (; open > 0 && /^\s*\)/.test(excerpt.text.slice(end)); open--) end = excerpt.text.indexOf(")", end) + 1;
  return { excerpt, span: { start: span.start, end } };
}

/** The text in which the parts stand: another one than that of the whole when the whole is a macro. */
export const homeOf = ({ terms, at }: Located): Written["excerpt"] => terms[0]?.at.excerpt ?? at.excerpt;

/** @returns the part as written, on one line and of bounded length */
export function textOf({ at, negated }: Located): string {
  const text = at.excerpt.text.slice(at.span.start, at.span.end).replace(/\s+/g, " ");
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return negated ? `not (${short})` : short;
}
