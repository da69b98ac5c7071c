/**
 * A conjunction of constraints that is known to hold of one event, and whether another one can hold beside them.
 *
 * Invariant: `with` answers null only when no complete event satisfies all constraints; otherwise nothing is claimed.
 * Facts are values: adding gives new ones.
 */
import type { Field } from "@weir/matcher-wasm/format";
import type { StringTest } from "../ir.ts";
import { type Constraint, impossibleText, type Term, termRange, zeroBits } from "./constraint.ts";
import { between, type Intervals, intersection, isSubset, NOTHING, onlyValue, union } from "./intervals.ts";
import type { TestSet } from "./texts.ts";

type Constrained<K extends Constraint["kind"]> = Extract<Constraint, { kind: K }>;

/** Of one integer: a set for each mask that was asked about. */
interface IntState {
  readonly kind: "ints";
  readonly terms: ReadonlyMap<bigint, { readonly term: Term; readonly set: Intervals }>;
}

interface SomeIntState {
  readonly kind: "someInt";
  readonly some: readonly Intervals[];
  readonly none: Intervals;
}

interface StringState {
  readonly kind: "strings";
  /** Each of these accepts. */
  readonly some: readonly TestSet[];
  readonly none: readonly TestSet[];
}

type State = IntState | SomeIntState | StringState | { readonly kind: "opaque"; readonly negated: boolean };

/** Comparisons of two tests that take about as long as another step. */
export const PAIRS_A_STEP = 8;
/** Entries of a table that are copied in the time of a step. */
const COPIES_A_STEP = 16;
const ANYTHING: readonly StringTest[] = [{ kind: "pattern", pattern: "*" }];
const ANY_PATH: readonly StringTest[] = [{ kind: "glob", pattern: "/**" }];
const ANY_OPTIONAL_PATH: readonly StringTest[] = [...ANY_PATH, { kind: "equals", value: "" }];

export class Facts {
  static readonly none: Facts = new Facts(new Map());
  readonly #states: ReadonlyMap<string, State>;

  private constructor(states: ReadonlyMap<string, State>) {
    this.#states = states;
  }

  /** @returns whether no event satisfies these and the constraint */
  excludes(constraint: Constraint): boolean {
    return next(this.#states.get(keyOf(constraint)), constraint) === null;
  }

  /** @returns the work that adding the constraint is, in steps beyond the first */
  costOf(constraint: Constraint): number {
    const state = this.#states.get(keyOf(constraint));
    return Math.floor(this.#states.size / COPIES_A_STEP) + costWith(state, constraint);
  }

  /** @returns these and the constraint, or null when no event satisfies all of them */
  with(constraint: Constraint): Facts | null {
    const key = keyOf(constraint);
    const state = next(this.#states.get(key), constraint);
    return state === null ? null : new Facts(new Map(this.#states).set(key, state));
  }
}

function keyOf(constraint: Constraint): string {
  switch (constraint.kind) {
    case "ints":
      return `int ${constraint.term.base}`;
    case "someInt":
      return `ints ${constraint.field.name}`;
    case "strings":
      return `text ${constraint.field.name}`;
    case "opaque":
      return `is ${constraint.key}`;
  }
}

function next(state: State | undefined, constraint: Constraint): State | null {
  switch (constraint.kind) {
    case "ints":
      return nextInts(state?.kind === "ints" ? state : { kind: "ints", terms: new Map() }, constraint);
    case "someInt":
      return nextSomeInt(state?.kind === "someInt" ? state : { kind: "someInt", some: [], none: NOTHING }, constraint);
    case "strings":
      return nextStrings(state?.kind === "strings" ? state : { kind: "strings", some: [], none: [] }, constraint);
    case "opaque":
      if (state?.kind === "opaque" && state.negated !== constraint.negated) return null;
      return { kind: "opaque", negated: constraint.negated };
  }
}

function nextInts(state: IntState, { term, set }: Constrained<"ints">): IntState | null {
  const before = state.terms.get(term.mask)?.set ?? termRange(term);
  const terms = new Map(state.terms).set(term.mask, { term, set: intersection(before, set) });
  return feasibleBits([...terms.values()]) ? { kind: "ints", terms } : null;
}

/**
 * Bits of the base that one mask decides bound what another mask leaves.
 * @returns false only when no value of the base gives each term a value of its set
 */
function feasibleBits(terms: readonly { readonly term: Term; readonly set: Intervals }[]): boolean {
  let ones = 0n;
  let zeros = terms[0] === undefined ? 0n : zeroBits(terms[0].term);
  for (const { term, set } of terms) {
    const value = onlyValue(possible(set, term.mask));
    if (value === undefined) continue;
    ones |= value & term.mask;
    zeros |= term.mask & ~value;
  }
  if ((ones & zeros) !== 0n) return false;
  return terms.every(({ term: { mask }, set }) => {
    const least = ones & mask;
    const most = mask & ~zeros;
    const bounded = most >= 0n ? intersection(set, between(least, most)) : set;
    return possible(bounded, mask).length > 0;
  });
}

/** The set without single values that have bits outside the mask. */
function possible(set: Intervals, mask: bigint): Intervals {
  return mask === -1n ? set : set.filter(([low, high]) => low !== high || (low & ~mask) === 0n);
}

function nextSomeInt(state: SomeIntState, { set, negated }: Constrained<"someInt">): SomeIntState | null {
  const some = negated ? state.some : [...state.some, set];
  const none = negated ? union(state.none, set) : state.none;
  return some.some((one) => isSubset(one, none)) ? null : { kind: "someInt", some, none };
}

function nextStrings(state: StringState, { field, tests, negated }: Constrained<"strings">): StringState | null {
  if (negated) {
    const none = [...state.none, tests];
    if (!field.array && universe(field).every((test) => none.some((other) => other.covers(test)))) return null;
    const some = state.some.map((set) => remaining(field, set, none, []));
    return some.some(isEmpty) ? null : { kind: "strings", some, none };
  }
  const others = field.array ? [] : state.some;
  const added = remaining(field, tests, state.none, others);
  const some = [...(field.array ? state.some : state.some.map((set) => remaining(field, set, [], [added]))), added];
  return some.some(isEmpty) ? null : { kind: "strings", some, none: state.none };
}

/** @returns steps that the constraint takes to be held against what is known of the same thing */
function costWith(state: State | undefined, constraint: Constraint): number {
  switch (constraint.kind) {
    case "strings": {
      if (state?.kind !== "strings") return Math.floor(constraint.tests.tests.length / PAIRS_A_STEP);
      const sets = state.some.length + state.none.length;
      const pairs = pairsOf(constraint.tests, state.some) + pairsOf(constraint.tests, state.none);
      // Each of the sets is copied, and asked whether it alone is left.
      return Math.ceil((pairs + constraint.tests.tests.length + 2 * sets) / PAIRS_A_STEP);
    }
    case "ints": {
      const terms = state?.kind === "ints" ? state.terms : undefined;
      const known = terms?.get(constraint.term.mask)?.set.length ?? 1;
      return (terms?.size ?? 0) + Math.floor((constraint.set.length + known) / PAIRS_A_STEP);
    }
    case "someInt": {
      const known = state?.kind === "someInt" ? state : undefined;
      const ranges = constraint.set.length + (known?.none.length ?? 0);
      return Math.floor((((known?.some.length ?? 0) + 1) * ranges) / PAIRS_A_STEP);
    }
    case "opaque":
      return 0;
  }
}

function pairsOf(set: TestSet, others: readonly TestSet[]): number {
  let sum = 0;
  for (const other of others) sum += other.comparisons(set);
  return sum;
}

const isEmpty = (set: TestSet): boolean => set.tests.length === 0;

/** @returns the tests that can still accept what none of `none` and each of `others` accepts */
function remaining(field: Field, set: TestSet, none: readonly TestSet[], others: readonly TestSet[]): TestSet {
  return set.filter(
    (test) =>
      impossibleText(field, test) === undefined &&
      !none.some((other) => other.covers(test)) &&
      !others.some((other) => other.excludes(test)),
  );
}

/** @returns tests of which one accepts whatever the field can be */
function universe({ source, optional }: Field): readonly StringTest[] {
  if (source.from !== "path") return ANYTHING;
  return optional ? ANY_OPTIONAL_PATH : ANY_PATH;
}
