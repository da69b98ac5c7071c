/**
 * Proofs over expressions: that no event satisfies one, that every event does, that one implies another.
 *
 * Sound, not complete: true is a proof about complete events (every field known), false says nothing. The search is a
 * refutation by cases, bounded by a budget of steps.
 */
import type { Nnf } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { constraintOf } from "./constraint.ts";
import { Facts } from "./facts.ts";

/** Steps of one question; a step is one leaf held against what is known. */
export const PROOF_STEPS_MAX = 4000;

class OutOfSteps extends Error {}

class Search {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** @returns true only if nothing satisfies the facts and all of the expressions */
  refutes(facts: Facts, exprs: readonly Nnf[]): boolean {
    const choices: Nnf[][] = [];
    let known = this.#assume(facts, exprs, choices);
    if (known === null) return true;
    for (let changed = true; changed; ) {
      changed = false;
      for (const [i, terms] of choices.entries()) {
        const alive: Nnf[] = terms.filter((term) => this.#assume(known as Facts, [term], []) !== null);
        if (alive.length === 0) return true;
        changed ||= alive.length < terms.length;
        choices[i] = alive;
        if (alive.length > 1) continue;
        choices.splice(i, 1);
        known = this.#assume(known, alive, choices);
        if (known === null) return true;
        changed = true;
        break;
      }
    }
    if (choices.length === 0) return false;
    const [first = [], ...rest] = choices.sort((a, b) => a.length - b.length);
    const others = rest.map((terms): Nnf => ({ kind: "or", terms }));
    return first.every((term) => this.refutes(known, [term, ...others]));
  }

  /** Takes over everything that is certain; what is a choice goes to the list. */
  #assume(facts: Facts, exprs: readonly Nnf[], choices: Nnf[][]): Facts | null {
    let known: Facts | null = facts;
    const open = [...exprs];
    for (let expr = open.pop(); expr !== undefined; expr = open.pop()) {
      if (this.#left-- <= 0) throw new OutOfSteps();
      if (expr.kind === "const") {
        if (!expr.value) return null;
      } else if ("terms" in expr) {
        if (expr.kind === "and") open.push(...expr.terms);
        else choices.push([...expr.terms]);
      } else {
        const constraint = constraintOf(expr);
        known = constraint === null ? known : known.with(constraint);
        if (known === null) return null;
      }
    }
    return known;
  }
}

/** @returns true only if no event satisfies all of the expressions */
export function excluded(exprs: readonly Nnf[], steps = PROOF_STEPS_MAX): boolean {
  try {
    return new Search(steps).refutes(Facts.none, exprs);
  } catch (error) {
    if (error instanceof OutOfSteps) return false;
    throw error;
  }
}

/** @returns the expression that holds exactly where this one does not */
export const negation = (expr: Nnf): Nnf => toNnf({ kind: "not", term: expr });

/** @returns true only if every event that satisfies all of the first satisfies the second */
export const implies = (exprs: readonly Nnf[], consequence: Nnf): boolean =>
  excluded([...exprs, negation(consequence)]);
