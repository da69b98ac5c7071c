/**
 * Which states of a nondeterministic automaton cover which others: what can still match from the one can
 * match from the other too. A subset needs no state that another of its members covers, which is what keeps
 * `password.{0,40}=` from needing a state for every set of places at which `password` has been seen.
 *
 * Found as a simulation, the greatest relation in which `p` covers `q` only if `p` reads whatever `q` reads
 * and each state after `q` is covered by one after `p`, or is a place where a match may begin anyway.
 */
import type { Budget } from "./budget.ts";
import type { Nfa } from "./nfa.ts";

/** Most states that read; the relation has the square of that. */
const READERS_MAX = 1024;
/** Most steps; without a result the construction goes on with all states. */
const STEPS_MAX = 2_000_000;
/** They are shorter than those that a regex is given. */
const STEPS_PER_WORK = 4;
/** Most pairs of a state that reads and one that may read next. */
const EDGES_MAX = 32_768;

export interface Covers {
  /** Whether `p` covers `q`; numbers as in the automaton, false for states that do not read. */
  readonly covers: (p: number, q: number) => boolean;
}

interface Reader {
  readonly set: number;
  /** Whether a match is complete behind it. */
  readonly completes: boolean;
  /** Reading states behind it, as positions among the readers; not those where a match may begin anyway. */
  readonly followers: readonly number[];
  /** Assertions behind it; they are covered by themselves only. */
  readonly assertions: readonly number[];
}

/**
 * @param members at `set × symbols + symbol` whether the symbol lies in the set
 * @returns null when the automaton is too large for the relation to be found cheaply
 */
export function coverage(
  nfa: Nfa,
  members: Uint8Array,
  { symbols, budget }: { readonly symbols: number; readonly budget: Budget },
): Covers | null {
  const positions = new Int32Array(nfa.states.length).fill(-1);
  const numbers = nfa.states.flatMap((state, number) => (state.kind === "chars" ? [number] : []));
  if (numbers.length > READERS_MAX || nfa.sets.length ** 2 * symbols > STEPS_MAX) return null;
  for (const [position, number] of numbers.entries()) positions[number] = position;
  const anyway = new Set(closure(nfa, nfa.start));
  const readers: Reader[] = [];
  let edges = 0;
  for (const number of numbers) {
    const state = nfa.states[number];
    if (state?.kind !== "chars") continue;
    const behind = closure(nfa, state.out).filter((other) => !anyway.has(other));
    edges += behind.length;
    if (edges > EDGES_MAX) return null;
    readers.push({
      set: state.set,
      completes: behind.some((other) => nfa.states[other]?.kind === "match"),
      followers: behind.flatMap((other) => (positions[other] === -1 ? [] : [positions[other] as number])),
      assertions: behind.filter((other) => nfa.states[other]?.kind === "assert"),
    });
  }
  const relation = simulation(readers, subsets(members, nfa.sets.length, symbols), budget);
  if (relation === null) return null;
  const covers = (p: number, q: number): boolean => {
    const [of, by] = [positions[q] as number, positions[p] as number];
    return of >= 0 && by >= 0 && relation[of * readers.length + by] === 1;
  };
  return { covers };
}

/** @returns what can be reached without reading: states that read, assertions, the match */
function closure(nfa: Nfa, from: number): readonly number[] {
  const seen = new Set<number>();
  const reached: number[] = [];
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const state = nfa.states[at];
    if (state?.kind === "split") open.push(state.alt, state.out);
    else reached.push(at);
  }
  return reached;
}

/** @returns at `a × sets + b` whether set a lies in set b */
function subsets(members: Uint8Array, sets: number, symbols: number): Uint8Array {
  const result = new Uint8Array(sets * sets);
  for (let a = 0; a < sets; a++)
    for (let b = 0; b < sets; b++) {
      let inside = 1;
      for (let c = 0; c < symbols && inside === 1; c++)
        if (members[a * symbols + c] === 1 && members[b * symbols + c] !== 1) inside = 0;
      result[a * sets + b] = inside;
    }
  return result;
}

/** @returns at `q × readers + p` whether p covers q; null when finding it takes too long */
function simulation(readers: readonly Reader[], inside: Uint8Array, budget: Budget): Uint8Array | null {
  const n = readers.length;
  const sets = Math.sqrt(inside.length);
  const relation = new Uint8Array(n * n);
  const leaders: number[][] = readers.map(() => []);
  for (const [position, { followers }] of readers.entries())
    for (const follower of followers) leaders[follower]?.push(position);

  let steps = n * n;
  const holds = (q: Reader, p: Reader): boolean => {
    if (p.completes) return true;
    if (q.completes || !q.assertions.every((assertion) => p.assertions.includes(assertion))) return false;
    for (const after of q.followers) {
      let covered = false;
      for (let k = 0; k < p.followers.length && !covered; k++) {
        covered = relation[after * n + (p.followers[k] as number)] === 1;
        steps++;
      }
      if (!covered) return false;
    }
    return true;
  };
  for (const [i, q] of readers.entries())
    for (const [j, p] of readers.entries()) relation[i * n + j] = inside[q.set * sets + p.set] as number;

  const removed: number[] = [];
  const check = (i: number, j: number): void => {
    steps++;
    if (relation[i * n + j] === 0 || holds(readers[i] as Reader, readers[j] as Reader)) return;
    relation[i * n + j] = 0;
    removed.push(i * n + j);
  };
  for (let i = 0; i < n; i++) for (let j = 0; j < n && steps <= STEPS_MAX; j++) check(i, j);
  for (let pair = removed.pop(); pair !== undefined && steps <= STEPS_MAX; pair = removed.pop())
    for (const i of leaders[Math.floor(pair / n)] as number[])
      for (const j of leaders[pair % n] as number[]) check(i, j);
  budget.spend(Math.ceil(steps / STEPS_PER_WORK));
  return steps > STEPS_MAX ? null : relation;
}
