/**
 * Proofs over expressions: that no event satisfies them, that one implies another.
 *
 * Sound, not complete: true is a proof about complete events (every field known), false says nothing. The search is a
 * refutation by cases. Its work is counted in steps, about a microsecond each, so that results do not depend on the
 * machine; a question that would take too many has the answer false.
 */
import type { Nnf } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { constraintOf } from "./constraint.ts";
import { Facts } from "./facts.ts";

/** Steps of one question. */
export const QUESTION_STEPS_MAX = 5000;

/** Terms that are copied in the time of a step. */
const COPIES_A_STEP = 16;

/** Thrown to end a search; one for all, for its stack is of no use and costs more than many steps. */
const OUT_OF_STEPS = new Error("out of steps");

/** What is known of an event before a question: facts, and choices of which each has a true term. */
interface Premise {
  readonly facts: Facts;
  readonly choices: readonly (readonly Nnf[])[];
}

export class Prover {
  readonly #granted: number;
  #total: number;
  #left = 0;

  /** @param steps for all questions together */
  constructor(steps: number) {
    this.#granted = steps;
    this.#total = steps;
  }

  /** All questions are answered by false from now on. */
  get isExhausted(): boolean {
    return this.#total <= 0;
  }

  /** Steps that are left. */
  get left(): number {
    return Math.max(0, this.#total);
  }

  /** Steps that were needed so far. */
  get used(): number {
    return this.#granted - this.#total;
  }

  /** @returns whether there are that many steps left; they are taken then, for work that is done elsewhere */
  afford(steps: number): boolean {
    if (this.#total < steps) return false;
    this.#total -= steps;
    return true;
  }

  /** @returns true only if no event satisfies all of the expressions */
  excluded(exprs: readonly Nnf[]): boolean {
    return this.#ask(() => this.#refutes({ facts: Facts.none, choices: [] }, exprs));
  }

  /** @returns true only if every event that satisfies all of the first satisfies the second */
  implies(exprs: readonly Nnf[], consequence: Nnf): boolean {
    return this.excluded([...exprs, negation(consequence)]);
  }

  /** @returns what follows from the expressions, to be asked about often; null when nothing satisfies them */
  premise(exprs: readonly Nnf[]): Premise | null {
    const choices: Nnf[][] = [];
    let facts: Facts | null = Facts.none;
    const known = this.#ask(() => {
      facts = this.#assume(Facts.none, exprs, choices);
      return true;
    });
    if (!known) return { facts: Facts.none, choices: [] };
    return facts === null ? null : { facts, choices };
  }

  /** As `excluded`, with a premise that was prepared. */
  excludedUnder(premise: Premise, exprs: readonly Nnf[]): boolean {
    return this.#ask(() => this.#refutes(premise, exprs));
  }

  #ask(question: () => boolean): boolean {
    if (this.isExhausted) return false;
    const granted = Math.min(this.#total, QUESTION_STEPS_MAX);
    this.#left = granted;
    try {
      return question();
    } catch (error) {
      if (error === OUT_OF_STEPS) return false;
      throw error;
    } finally {
      this.#total -= granted - Math.max(0, this.#left);
    }
  }

  #spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw OUT_OF_STEPS;
  }

  #copied(terms: readonly Nnf[]): Nnf[] {
    this.#spend(Math.floor(terms.length / COPIES_A_STEP));
    return [...terms];
  }

  /** @returns true only if nothing satisfies the premise and all of the expressions */
  #refutes(premise: Premise, exprs: readonly Nnf[]): boolean {
    const choices = premise.choices.map((terms) => this.#copied(terms));
    let known = this.#assume(premise.facts, exprs, choices);
    if (known === null) return true;
    const [only] = choices;
    if (choices.length === 1 && only !== undefined) {
      const facts: Facts = known;
      return only.every((term) => this.#refutesTerm(facts, term));
    }
    for (let i = 0; i < choices.length; ) {
      const terms = choices[i] as Nnf[];
      const facts: Facts = known;
      const alive = terms.filter((term) => !this.#isExcluded(facts, term));
      if (alive.length === 0) return true;
      choices[i] = alive;
      if (alive.length > 1) {
        i++;
        continue;
      }
      // What is left of the choice is certain: that may decide others.
      choices.splice(i, 1);
      known = this.#assume(known, alive, choices);
      if (known === null) return true;
      i = 0;
    }
    const [first, ...rest] = choices.sort((a, b) => a.length - b.length);
    if (first === undefined) return false;
    const next = { facts: known, choices: rest };
    return first.every((term) => this.#refutes(next, [term]));
  }

  /** A look that does not go into choices. */
  #isExcluded(facts: Facts, term: Nnf): boolean {
    return "terms" in term ? this.#assume(facts, [term], []) === null : this.#refutesTerm(facts, term);
  }

  #refutesTerm(facts: Facts, term: Nnf): boolean {
    if ("terms" in term || term.kind === "const") return this.#refutes({ facts, choices: [] }, [term]);
    const constraint = constraintOf(term);
    this.#spend(1 + (constraint === null ? 0 : facts.costOf(constraint)));
    return constraint !== null && facts.excludes(constraint);
  }

  /** Takes over everything that is certain; what is a choice goes to the list. */
  #assume(facts: Facts, exprs: readonly Nnf[], choices: Nnf[][]): Facts | null {
    let known: Facts | null = facts;
    const open = [...exprs];
    for (let expr = open.pop(); expr !== undefined; expr = open.pop()) {
      this.#spend(1);
      if (expr.kind === "const") {
        if (!expr.value) return null;
      } else if ("terms" in expr) {
        if (expr.kind === "and") for (const term of expr.terms) open.push(term);
        else choices.push(this.#copied(expr.terms));
      } else {
        const constraint = constraintOf(expr);
        if (constraint === null) continue;
        this.#spend(known.costOf(constraint));
        known = known.with(constraint);
        if (known === null) return null;
      }
    }
    return known;
  }
}

/** @returns the expression that holds exactly where this one does not */
export const negation = (expr: Nnf): Nnf => toNnf({ kind: "not", term: expr });
