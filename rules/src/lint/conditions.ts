/**
 * Conditions that can never be true, are always true, or add nothing where they stand. Every finding is a proof.
 *
 * A macro is judged by itself, whatever the rule says around it; what it does in the rule is said of its name.
 */
import type { Nnf } from "../ir.ts";
import type { Report } from "./finding.ts";
import { homeOf, type Located, textOf } from "./located.ts";
import { negation, type Prover } from "./prove.ts";

/** Longest chain of which all pairs are compared. */
const TERMS_MAX = 48;

interface Options {
  /** Name of the event type, for messages. */
  readonly event: string;
  readonly prover: Prover;
  readonly report: Report;
}

export function lintConditions(rule: Located, { event, prover, report }: Options): void {
  const judge = new Judge(prover, report);
  if (prover.excluded([rule.nnf])) judge.never(rule, "the rule can never match");
  else if (judge.isAlways(rule)) judge.always(rule, `the rule matches every ${event} event`);
  else judge.inside(rule, []);
}

const isOneText = (part: Located): boolean => homeOf(part) === part.at.excerpt;

class Judge {
  readonly #prover: Prover;
  readonly #report: Report;
  /** Macros that were judged already in this rule. */
  readonly #seen = new Set<object>();

  constructor(prover: Prover, report: Report) {
    this.#prover = prover;
    this.#report = report;
  }

  isNever(part: Located, given: readonly Nnf[] = []): boolean {
    return this.#prover.excluded([...given, part.nnf]);
  }

  isAlways(part: Located): boolean {
    return this.#prover.excluded([negation(part.nnf)]);
  }

  /** Judges the terms of what is neither never nor always true, given what holds around it. */
  inside(part: Located, around: readonly Nnf[]): void {
    if (part.kind === "single") return;
    const isMacro = !isOneText(part);
    if (isMacro && this.#seen.has(homeOf(part))) return;
    if (isMacro) this.#seen.add(homeOf(part));
    const given = isMacro ? [] : around;
    if (part.kind === "and") this.#conjunction(part.terms, given);
    else this.#alternatives(part.terms, given);
  }

  #conjunction(terms: readonly Located[], given: readonly Nnf[]): void {
    let kept = terms;
    if (terms.length <= TERMS_MAX)
      for (const term of terms.toReversed()) {
        const others = kept.filter((other) => other !== term);
        if (!this.#prover.implies([...given, ...others.map((other) => other.nnf)], term.nnf)) continue;
        kept = others;
        if (this.isAlways(term)) this.always(term);
        else this.#redundant(term, others);
      }
    for (const term of kept) {
      const certain = kept.filter((other) => other !== term && other.kind === "single").map((other) => other.nnf);
      this.inside(term, [...given, ...certain]);
    }
  }

  #redundant(term: Located, others: readonly Located[]): void {
    const reason = others.find((other) => this.#prover.implies([other.nnf], term.nnf));
    const why =
      reason === undefined ? "it follows from the other conditions" : `it is true wherever \`${textOf(reason)}\` is`;
    this.#report({
      severity: "warning",
      code: "redundant",
      at: term.at,
      message: `\`${textOf(term)}\` adds nothing: ${why}`,
      related: reason && { at: reason.at, message: "this condition implies it" },
    });
  }

  #alternatives(terms: readonly Located[], given: readonly Nnf[]): void {
    let kept: Located[] = [];
    for (const term of terms) {
      if (this.isNever(term)) this.never(term);
      else if (given.length > 0 && this.isNever(term, given)) this.#dead(term);
      else kept.push(term);
    }
    if (kept.length <= TERMS_MAX)
      for (const term of kept.toReversed()) {
        const wider = kept.find((other) => other !== term && this.#prover.implies([term.nnf], other.nnf));
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

  #dead(term: Located): void {
    this.#report({
      severity: "warning",
      code: "never-true",
      at: term.at,
      message: `the alternative \`${textOf(term)}\` is never true here: it contradicts the conditions around it`,
    });
  }

  /** Reports the smallest parts that show why it can't be true. */
  never(part: Located, consequence?: string): void {
    const tail = consequence === undefined ? "" : `: ${consequence}`;
    const common = { severity: "warning", code: "never-true", decides: consequence !== undefined } as const;
    if (part.kind === "or" && isOneText(part) && part.terms.length <= TERMS_MAX) {
      for (const term of part.terms) this.never(term, consequence);
      return;
    }
    if (part.kind === "and" && isOneText(part)) {
      const alone = part.terms.find((term) => this.isNever(term));
      if (alone !== undefined) {
        this.never(alone, consequence);
        return;
      }
      const [first, second] = this.#contradiction(part.terms) ?? [];
      if (first !== undefined && second !== undefined) {
        const message = `\`${textOf(second)}\` is never true together with \`${textOf(first)}\`${tail}`;
        const related = { at: first.at, message: "it contradicts this condition" };
        this.#report({ ...common, at: second.at, message, hint: bothHint(first.nnf, second.nnf), related });
        return;
      }
    }
    this.#report({ ...common, at: part.at, message: `\`${textOf(part)}\` is never true${tail}` });
  }

  /** Two conditions that exclude one another, the first such pair. */
  #contradiction(terms: readonly Located[]): readonly [Located, Located] | undefined {
    for (const [i, second] of terms.slice(0, TERMS_MAX).entries()) {
      const first = terms.slice(0, i).find((term) => this.isNever(second, [term.nnf]));
      if (first !== undefined) return [first, second];
    }
    return undefined;
  }

  /** Reports the smallest part that shows why it is always true. */
  always(part: Located, consequence?: string): void {
    const tail = consequence === undefined ? "" : `: ${consequence}`;
    const common = { severity: "warning", code: "always-true", decides: consequence !== undefined } as const;
    if (part.kind === "or" && isOneText(part)) {
      const terms = part.terms.slice(0, TERMS_MAX);
      const alone = terms.find((term) => this.isAlways(term));
      if (alone !== undefined) {
        this.always(alone, consequence);
        return;
      }
      const [first, second] = this.#completion(terms) ?? [];
      if (first !== undefined && second !== undefined) {
        const message = `\`${textOf(first)} || ${textOf(second)}\` is always true${tail}`;
        const hint = isUnequal(first.nnf) && isUnequal(second.nnf) ? NEITHER_HINT : undefined;
        const related = { at: first.at, message: "one of the two always holds" };
        this.#report({ ...common, at: second.at, message, hint, related });
        return;
      }
    }
    this.#report({ ...common, at: part.at, message: `\`${textOf(part)}\` is always true${tail}` });
  }

  /** Two alternatives of which one always holds. */
  #completion(terms: readonly Located[]): readonly [Located, Located] | undefined {
    for (const [i, second] of terms.entries()) {
      const without = negation(second.nnf);
      const first = terms.slice(0, i).find((term) => this.#prover.excluded([negation(term.nnf), without]));
      if (first !== undefined) return [first, second];
    }
    return undefined;
  }
}

const NEITHER_HINT = "to exclude both write `&&` or `not in [...]`";

const isUnequal = (nnf: Nnf): boolean =>
  (nnf.kind === "compare" && nnf.op === "!=") || ("negated" in nnf && nnf.negated);

function bothHint(first: Nnf, second: Nnf): string | undefined {
  if (first.kind !== "string" || second.kind !== "string") return undefined;
  if (first.field.name !== second.field.name || first.negated || second.negated) return undefined;
  return "one value cannot be both; for either of them write `||` or `in [...]`";
}
