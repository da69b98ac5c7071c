/**
 * Rules that say nothing of their own: every event that one matches another one matches too. Each claim is a proof.
 *
 * Not all pairs are compared. Each rule names conditions of which one has to be met by what implies it (`demands`), and
 * what a rule's own conditions meet is looked up (`offers`). What is missed that way is missed, nothing wrong is claimed.
 */
import type { LoadedRule } from "../analyse.ts";
import type { Leaf, Nnf, StringTest } from "../ir.ts";
import { globComponents, hasStar } from "../pattern.ts";
import { fieldsOf } from "../reads.ts";
import { constraintOf } from "./constraint.ts";
import { onlyValue } from "./intervals.ts";
import { negation, Prover } from "./prove.ts";

/** Conditions by which a rule is found; of longer lists the rule is not compared. */
const DEMANDS_MAX = 2000;
/** Steps of proof for one rule, and for all together; about a microsecond each. */
const RULE_STEPS_MAX = 5000;
const STEPS_MAX = 100_000;

export interface Subsumption {
  /** Every event that it matches … */
  readonly narrow: LoadedRule;
  /** … this one matches too. */
  readonly wide: LoadedRule;
  /** And the other way round. */
  readonly same: boolean;
}

/**
 * @returns for each rule at most one other that includes it; of rules that include one another the first has none
 */
export function subsumptions(rules: readonly LoadedRule[]): readonly Subsumption[] {
  const byEvent = Map.groupBy(rules, (rule) => rule.checked.event);
  const steps = Math.floor(Math.min(STEPS_MAX, rules.length * RULE_STEPS_MAX) / Math.max(1, rules.length));
  return [...byEvent.values()].flatMap((group) => withinType(group, steps));
}

interface Candidate {
  readonly rule: LoadedRule;
  readonly position: number;
  readonly negated: Nnf;
}

/** @param steps of proof for each rule */
function withinType(rules: readonly LoadedRule[], steps: number): readonly Subsumption[] {
  const index = new Map<string, Candidate[]>();
  const prover = new Prover(steps * rules.length);
  const candidates = rules.filter(isReliable).map((rule, position): Candidate => {
    const candidate = { rule, position, negated: negation(rule.checked.expr) };
    const keys = demands(rule.checked.expr) ?? [];
    // One that matches everything is reported as such, not with every other rule.
    if (keys.length <= DEMANDS_MAX && isVisible(rule) && !prover.excluded([candidate.negated]))
      for (const key of new Set(keys)) append(index, key, candidate);
    return candidate;
  });
  return candidates.flatMap((candidate) => {
    const found = firstIncluding(candidate, index, new Prover(steps));
    return found === undefined ? [] : [found];
  });
}

function append(index: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [candidate]);
  else list.push(candidate);
}

function firstIncluding(
  { rule, position, negated }: Candidate,
  index: ReadonlyMap<string, readonly Candidate[]>,
  prover: Prover,
): Subsumption | undefined {
  if (hasEffects(rule)) return undefined;
  const premise = prover.premise([rule.checked.expr]);
  // A rule that never matches is reported as such.
  if (premise === null || prover.excludedUnder(premise, [])) return undefined;
  // Each costs a step at least, and those of a list are in their order: of none more are needed than there are steps.
  const { left } = prover;
  const others = new Set([...offers(rule.checked.expr)].flatMap((key) => index.get(key)?.slice(0, left) ?? []));
  for (const other of [...others].sort((a, b) => a.position - b.position)) {
    if (prover.isExhausted) return undefined;
    if (other.rule === rule) continue;
    if (!prover.excludedUnder(premise, [other.negated])) continue;
    const same = prover.excluded([other.rule.checked.expr, negated]);
    if (same && other.position > position && !hasEffects(other.rule) && isVisible(rule)) continue;
    return { narrow: rule, wide: other.rule, same };
  }
  return undefined;
}

/** Variables may change between the judging of two rules. */
function isReliable(rule: LoadedRule): boolean {
  return [...fieldsOf(rule.checked.expr)].every(({ source }) => source.from !== "variable");
}

/** The rule does more than to report. */
const hasEffects = ({ source }: LoadedRule): boolean => source.actions.length > 0;

/** Each of its matches is reported. */
const isVisible = ({ source }: LoadedRule): boolean => !source.silent && source.everyNs === undefined;

/** @returns keys of which one is offered by whatever is proven to imply the expression; null when there is no such list */
function demands(expr: Nnf): readonly string[] | null {
  if (expr.kind === "const") return null;
  if (!("terms" in expr)) return leafDemands(expr);
  const lists = expr.terms.map(demands);
  if (expr.kind === "or") return lists.every((list) => list !== null) ? lists.flat() : null;
  const known = lists.filter((list) => list !== null);
  return known.length === 0 ? null : known.reduce((best, list) => (isBetter(list, best) ? list : best));
}

/** Plain values before prefixes before the mere presence of a condition; then the shorter list. */
function isBetter(a: readonly string[], b: readonly string[]): boolean {
  const worst = (list: readonly string[]): number =>
    Math.max(...new Set(list.map((key) => "=^#".indexOf(key[0] as string))));
  return worst(a) - worst(b) < 0 || (worst(a) === worst(b) && a.length < b.length);
}

function leafDemands(leaf: Leaf): readonly string[] {
  const constraint = constraintOf(leaf);
  if (constraint === null) return [];
  switch (constraint.kind) {
    case "strings": {
      const { name } = constraint.field;
      return constraint.negated ? [`#${name}`] : constraint.tests.tests.map((test) => testDemand(name, test));
    }
    case "ints": {
      const value = onlyValue(constraint.set);
      const { base, mask } = constraint.term;
      return [value === undefined || mask !== -1n ? `#${base}` : `=${base} ${value}`];
    }
    case "someInt":
      return [`#${constraint.field.name}`];
    case "opaque":
      return [`#${constraint.key}`];
  }
}

function testDemand(name: string, test: StringTest): string {
  if (test.kind === "equals") return `=${name} ${test.value}`;
  const prefix = test.kind === "glob" ? literalPrefix(test.pattern) : "";
  return prefix === "" ? `#${name}` : `^${name} ${prefix}`;
}

/** The literal components that a glob starts with, as a directory; empty when there is none but the root. */
function literalPrefix(glob: string): string {
  const components = globComponents(glob);
  return components.slice(0, components.findIndex(hasStar)).join("/");
}

/** Keys that one way of satisfying the expression meets; what is implied has to hold in that way too. */
function offers(expr: Nnf): Set<string> {
  const keys = new Set<string>();
  const open = [expr];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ("terms" in next) open.push(...(next.kind === "and" ? next.terms : next.terms.slice(0, 1)));
    else if (next.kind !== "const") for (const key of leafOffers(next)) keys.add(key);
  }
  return keys;
}

function leafOffers(leaf: Leaf): readonly string[] {
  const constraint = constraintOf(leaf);
  if (constraint === null) return [];
  switch (constraint.kind) {
    case "strings": {
      const { name } = constraint.field;
      const [first] = constraint.tests.tests;
      return constraint.negated || first === undefined ? [`#${name}`] : [`#${name}`, ...testOffers(name, first)];
    }
    case "ints": {
      const value = onlyValue(constraint.set);
      const { base, mask } = constraint.term;
      return value === undefined || mask !== -1n ? [`#${base}`] : [`#${base}`, `=${base} ${value}`];
    }
    case "someInt":
      return [`#${constraint.field.name}`];
    case "opaque":
      return [`#${constraint.key}`];
  }
}

/** Whatever includes the test is found by its value, or by a directory that it starts with. */
function testOffers(name: string, test: StringTest): readonly string[] {
  const path = test.kind === "equals" ? test.value : test.kind === "glob" ? literalPrefix(test.pattern) : "";
  const keys = test.kind === "equals" ? [`=${name} ${path}`] : [`^${name} ${path}`];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
    keys.push(`^${name} ${path.slice(0, at)}`);
  return keys;
}
