/**
 * Conditions that can never be true, are always true, or add nothing where they stand. Every finding is a proof.
 */
import type { Nnf } from "../ir.ts";
import type { Report } from "./finding.ts";
import { homeOf, type Located, textOf } from "./located.ts";
import { excluded, implies, negation } from "./prove.ts";

/** Longest chain of which all pairs are compared. */
const TERMS_MAX = 48;

/** @param event name of the event type, for messages */
export function lintConditions(rule: Located, event: string, report: Report): void {
  if (excluded([rule.nnf])) {
    never(rule, [], report, "the rule can never match");
  } else if (excluded([negation(rule.nnf)])) {
    always(rule, [], report, `the rule matches every ${event} event`);
  } else {
    new Judge(report).inside(rule, []);
  }
}

class Judge {
  readonly #report: Report;
  /** Macros that were judged already in this rule. */
  readonly #seen = new Set<object>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** Judges the terms of what is neither never nor always true, given what holds around it. */
  inside(part: Located, around: readonly Nnf[]): void {
    if (part.kind === "single") return;
    const isMacro = homeOf(part) !== part.at.excerpt;
    if (isMacro && this.#seen.has(homeOf(part))) return;
    if (isMacro) this.#seen.add(homeOf(part));
    const given = isMacro ? [] : around;
    if (part.kind === "and") this.#conjunction(part.terms, given);
    else this.#alternatives(part.terms, given);
  }

  #conjunction(terms: readonly Located[], given: readonly Nnf[]): void {
    let kept = [...terms];
    if (terms.length <= TERMS_MAX)
      for (const term of terms.toReversed()) {
        const others = kept.filter((other) => other !== term);
        if (!implies([...given, ...others.map((other) => other.nnf)], term.nnf)) continue;
        kept = others;
        if (excluded([negation(term.nnf)])) always(term, [], this.#report);
        else this.#redundant(term, others);
      }
    for (const term of kept) {
      const certain = kept.filter((other) => other !== term && other.kind === "single").map((other) => other.nnf);
      this.inside(term, [...given, ...certain]);
    }
  }

  /** Said where another single condition is the reason. */
  #redundant(term: Located, others: readonly Located[]): void {
    const reason = others.find((other) => implies([other.nnf], term.nnf));
    if (reason === undefined) {
      this.#report({
        severity: "warning",
        code: "redundant",
        at: term.at,
        message: `\`${textOf(term)}\` adds nothing: it follows from the other conditions`,
      });
      return;
    }
    this.#report({
      severity: "warning",
      code: "redundant",
      at: term.at,
      message: `\`${textOf(term)}\` adds nothing: it is true wherever \`${textOf(reason)}\` is`,
      related: { at: reason.at, message: "this condition implies it" },
    });
  }

  #alternatives(terms: readonly Located[], given: readonly Nnf[]): void {
    let kept: Located[] = [];
    for (const term of terms) {
      if (excluded([term.nnf])) never(term, [], this.#report);
      else if (given.length > 0 && excluded([...given, term.nnf])) never(term, given, this.#report);
      else kept.push(term);
    }
    if (kept.length <= TERMS_MAX)
      for (const term of kept.toReversed()) {
        const wider = kept.find((other) => other !== term && implies([term.nnf], other.nnf));
        if (wider === undefined) continue;
        kept = kept.filter((other) => other !== term);
        this.#report({
          severity: "warning",
          code: "redundant",
          at: term.at,
          message: `the alternative \`${textOf(term)}\` adds nothing: \`${textOf(wider)}\` is true wherever it is`,
          related: { at: wider.at, message: "this alternative includes it" },
        });
      }
    for (const term of kept) this.inside(term, given);
  }
}

/** Reports the smallest part that shows why it can't be true. */
function never(part: Located, given: readonly Nnf[], report: Report, consequence?: string): void {
  const tail = consequence === undefined ? "" : `: ${consequence}`;
  if (part.kind === "or" && homeOf(part) === part.at.excerpt && given.length === 0 && part.terms.length <= TERMS_MAX) {
    for (const term of part.terms) never(term, given, report, consequence);
    return;
  }
  if (part.kind === "and" && homeOf(part) === part.at.excerpt && given.length === 0) {
    const alone = part.terms.find((term) => excluded([term.nnf]));
    if (alone !== undefined) {
      never(alone, [], report, consequence);
      return;
    }
    const pair = contradiction(part.terms);
    if (pair !== undefined) {
      const [first, second] = pair;
      report({
        severity: "warning",
        code: "never-true",
        decides: consequence !== undefined,
        at: second.at,
        message: `\`${textOf(second)}\` is never true together with \`${textOf(first)}\`${tail}`,
        hint: second.nnf.kind === "string" || second.nnf.kind === "compare" ? bothHint(first, second) : undefined,
        related: { at: first.at, message: "it contradicts this condition" },
      });
      return;
    }
  }
  const why = given.length > 0 ? "contradicts the conditions around it" : "is never true";
  report({
    severity: "warning",
    code: "never-true",
    decides: consequence !== undefined,
    at: part.at,
    message: `\`${textOf(part)}\` ${why}${tail}`,
  });
}

/** Two conditions that exclude one another, the first such pair. */
function contradiction(terms: readonly Located[]): readonly [Located, Located] | undefined {
  for (const [i, second] of terms.slice(0, TERMS_MAX).entries())
    for (const first of terms.slice(0, i)) if (excluded([first.nnf, second.nnf])) return [first, second];
  return undefined;
}

function bothHint(first: Located, second: Located): string | undefined {
  if (first.nnf.kind !== "string" || second.nnf.kind !== "string") return undefined;
  if (first.nnf.field.name !== second.nnf.field.name || first.nnf.negated || second.nnf.negated) return undefined;
  return "one value cannot be both; for either of them write `||` or `in [...]`";
}

/** Reports the smallest part that shows why it is always true. */
function always(part: Located, given: readonly Nnf[], report: Report, consequence?: string): void {
  const tail = consequence === undefined ? "" : `: ${consequence}`;
  if (part.kind === "or" && given.length === 0) {
    const terms = part.terms.slice(0, TERMS_MAX);
    const alone = terms.find((term) => excluded([negation(term.nnf)]));
    if (alone !== undefined) {
      always(alone, [], report, consequence);
      return;
    }
    for (const [i, second] of terms.entries()) {
      const first = terms.slice(0, i).find((term) => excluded([negation(term.nnf), negation(second.nnf)]));
      if (first === undefined) continue;
      report({
        severity: "warning",
        code: "always-true",
        decides: consequence !== undefined,
        at: second.at,
        message: `\`${textOf(first)} || ${textOf(second)}\` is always true${tail}`,
        hint:
          isUnequal(first.nnf) && isUnequal(second.nnf) ? "to exclude both write `&&` or `not in [...]`" : undefined,
        related: { at: first.at, message: "one of the two always holds" },
      });
      return;
    }
  }
  report({
    severity: "warning",
    code: "always-true",
    decides: consequence !== undefined,
    at: part.at,
    message: `\`${textOf(part)}\` is always true${tail}`,
  });
}

const isUnequal = (nnf: Nnf): boolean =>
  (nnf.kind === "compare" && nnf.op === "!=") || ("negated" in nnf && nnf.negated);
