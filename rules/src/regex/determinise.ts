/**
 * Nondeterministic to deterministic automaton by the subset construction, for an unanchored search: at each
 * place a match may begin, and once one has been found the text fits whatever follows.
 *
 * Assertions look at the code points on both sides of a place. What lies behind is known when a subset is
 * made, so `\A` and line starts are decided there. What lies ahead is not: such an assertion stays in the
 * subset and is decided by the symbol that is read next, or by the end of the text. A subset in which one
 * waits also remembers what lies behind it.
 */
import { type Alphabet, membership, partition } from "./alphabet.ts";
import type { Assertion } from "./ast.ts";
import { AUTOMATON_STATES_MAX, type Budget } from "./budget.ts";
import { type CharSet, contains } from "./char-set.ts";
import { ALL, DEAD, type Dfa } from "./dfa.ts";
import type { Nfa } from "./nfa.ts";
import { type Covers, coverage } from "./simulate.ts";
import { PERL } from "./unicode.ts";

const NEWLINE: CharSet = [10, 10];
const WORD = PERL["w"] as CharSet;

/** What lies beside a place. UNDECIDED: not looked at yet. */
const OTHER = 0;
const WORD_CHARACTER = 1;
const LINE_BREAK = 2;
const TEXT_EDGE = 3;
const UNDECIDED = 4;

/** Steps that a transition counts as, more than its time, to bound the memory that all of them take. */
const TRANSITION_WORK = 4;

/** Up to so many states subsets are taken as they come; beyond it is worth while to find what is redundant in them. */
const PLAIN_STATES_MAX = 256;

export interface RuneDfa {
  readonly dfa: Dfa;
  readonly alphabet: Alphabet;
}

/**
 * @param plainStatesMax for tests; the smallest automaton is the same whatever it is
 * @throws RegexLimitError as soon as it needs more states or steps than there may be
 */
export function determinise(nfa: Nfa, budget: Budget, plainStatesMax = PLAIN_STATES_MAX): RuneDfa {
  const { assertions, sets } = nfa;
  const words = assertions.has("wordEdge") || assertions.has("noWordEdge");
  const lines = assertions.has("lineStart") || assertions.has("lineEnd");
  const alphabet = partition([...sets, ...(words ? [WORD] : []), ...(lines ? [NEWLINE] : [])], budget);
  const kinds = alphabet.examples.map((example) =>
    words && contains(WORD, example) ? WORD_CHARACTER : lines && contains(NEWLINE, example) ? LINE_BREAK : OTHER,
  );
  const members = membership(sets, alphabet, budget);
  const subsets = (covers: Covers | null) => new Subsets({ nfa, alphabet, kinds, members, budget, covers });
  const plain = subsets(null).explore(plainStatesMax);
  if (plain !== null) return { dfa: plain, alphabet };
  const dfa = subsets(coverage(nfa, members, { symbols: alphabet.size, budget })).explore(AUTOMATON_STATES_MAX);
  return { dfa: dfa as Dfa, alphabet };
}

function holds(assertion: Assertion, behind: number, ahead: number): boolean {
  switch (assertion) {
    case "textStart":
      return behind === TEXT_EDGE;
    case "lineStart":
      return behind === TEXT_EDGE || behind === LINE_BREAK;
    case "textEnd":
      return ahead === TEXT_EDGE;
    case "lineEnd":
      return ahead === TEXT_EDGE || ahead === LINE_BREAK;
    case "wordEdge":
      return (behind === WORD_CHARACTER) !== (ahead === WORD_CHARACTER);
    case "noWordEdge":
      return (behind === WORD_CHARACTER) === (ahead === WORD_CHARACTER);
  }
}

const looksAhead = (assertion: Assertion): boolean => assertion !== "textStart" && assertion !== "lineStart";

interface Parts {
  readonly nfa: Nfa;
  readonly alphabet: Alphabet;
  /** What each symbol is to an assertion beside it. */
  readonly kinds: readonly number[];
  /** At `set × symbols + symbol` whether the symbol lies in the set. */
  readonly members: Uint8Array;
  readonly budget: Budget;
  /** Which states need not be kept beside which others. */
  readonly covers: Covers | null;
}

class Subsets {
  readonly #nfa: Nfa;
  readonly #alphabet: Alphabet;
  readonly #kinds: readonly number[];
  readonly #members: Uint8Array;
  readonly #budget: Budget;
  readonly #covers: Covers | null;
  /** Of each state that reads: its set and what follows; of the others nothing. */
  readonly #sets: Int32Array;
  readonly #outs: Int32Array;

  /** Of each deterministic state: its subset, ascending, and what lies behind it when an assertion waits. */
  readonly #subsets: Uint16Array[] = [new Uint16Array(), new Uint16Array()];
  readonly #behind: number[] = [OTHER, OTHER];
  readonly #waits: boolean[] = [false, false];
  readonly #byHash = new Map<number, number[]>();

  /** Scratch: states reached in the closure that is being made. */
  readonly #stamps: Uint32Array;
  #stamp = 0;
  readonly #stack: number[] = [];
  #reached: number[] = [];
  #matched = false;
  #waiting = false;

  constructor({ nfa, alphabet, kinds, members, budget, covers }: Parts) {
    this.#nfa = nfa;
    this.#alphabet = alphabet;
    this.#kinds = kinds;
    this.#members = members;
    this.#budget = budget;
    this.#covers = covers;
    this.#sets = new Int32Array(nfa.states.map((state) => (state.kind === "chars" ? state.set : -1)));
    this.#outs = new Int32Array(nfa.states.map((state) => (state.kind === "chars" ? state.out : -1)));
    this.#stamps = new Uint32Array(nfa.states.length);
  }

  /** @returns null when there are more than `statesMax` states */
  explore(statesMax: number): Dfa | null {
    const symbols = this.#alphabet.size;
    const next: number[] = [];
    for (const state of [DEAD, ALL]) for (let c = 0; c < symbols; c++) next.push(state);
    const accepting = [0, 1];
    this.#begin();
    const start = this.#stateOf(TEXT_EDGE);
    for (let state = 2; state < this.#subsets.length; state++) {
      if (this.#subsets.length > statesMax) return null;
      this.#budget.spend(symbols * TRANSITION_WORK);
      accepting.push(this.#acceptsAtEnd(state) ? 1 : 0);
      const byKind = new Map<number, ArrayLike<number> | null>();
      for (let c = 0; c < symbols; c++) {
        const kind = this.#kinds[c] as number;
        let readers = byKind.get(kind);
        if (readers === undefined) {
          readers = this.#readersOf(state, kind);
          byKind.set(kind, readers);
        }
        next.push(readers === null ? ALL : this.#step(readers, c));
      }
    }
    return {
      states: this.#subsets.length,
      symbols,
      start,
      next: new Int32Array(next),
      accepting: new Uint8Array(accepting),
    };
  }

  #acceptsAtEnd(state: number): boolean {
    return this.#waits[state] === true && this.#readersOf(state, TEXT_EDGE) === null;
  }

  /** @returns states that read, once what lies ahead has decided what waited; null when that completes a match */
  #readersOf(state: number, ahead: number): ArrayLike<number> | null {
    const subset = this.#subsets[state] as Uint16Array;
    if (this.#waits[state] !== true) return subset;
    this.#begin();
    for (const nfaState of subset) this.#close(nfaState, this.#behind[state] as number, ahead);
    return this.#matched ? null : this.#reached;
  }

  #step(readers: ArrayLike<number>, symbol: number): number {
    this.#budget.spend(readers.length);
    const behind = this.#kinds[symbol] as number;
    const symbols = this.#alphabet.size;
    this.#begin();
    for (let i = 0; i < readers.length; i++) {
      const reader = readers[i] as number;
      if (this.#members[(this.#sets[reader] as number) * symbols + symbol] === 1)
        this.#close(this.#outs[reader] as number, behind, UNDECIDED);
    }
    return this.#stateOf(behind);
  }

  #begin(): void {
    this.#stamp++;
    this.#reached = [];
    this.#matched = false;
    this.#waiting = false;
  }

  /** Follows everything from the state that can be passed without reading. */
  #close(from: number, behind: number, ahead: number): void {
    const stack = this.#stack;
    stack.push(from);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#stamps[at] === this.#stamp) continue;
      this.#stamps[at] = this.#stamp;
      this.#budget.spend(1);
      const state = this.#nfa.states[at];
      if (state === undefined || state.kind === "match") this.#matched = true;
      else if (state.kind === "chars") this.#reached.push(at);
      else if (state.kind === "split") stack.push(state.alt, state.out);
      else if (ahead === UNDECIDED && looksAhead(state.assertion)) {
        this.#reached.push(at);
        this.#waiting = true;
      } else if (holds(state.assertion, behind, ahead)) stack.push(state.out);
    }
  }

  /** @returns the number of the state for the places that have been reached and a match that begins here */
  #stateOf(behind: number): number {
    this.#close(this.#nfa.start, behind, UNDECIDED);
    if (this.#matched) return ALL;
    // An empty subset is no dead end: behind a line break a match may begin again.
    return this.#numberOf(sorted(this.#needed()), this.#waiting ? behind : OTHER);
  }

  /** Of states that cover one another the first is kept. */
  #needed(): number[] {
    const covers = this.#covers?.covers;
    const reached = this.#reached;
    if (covers === undefined || reached.length < 2) return reached;
    this.#budget.spend(reached.length);
    const needed: number[] = [];
    for (const state of reached) {
      this.#budget.spend(needed.length);
      let covered = false;
      for (let i = 0; i < needed.length && !covered; i++) covered = covers(needed[i] as number, state);
      if (covered) continue;
      let kept = 0;
      for (const other of needed) if (!covers(state, other)) needed[kept++] = other;
      needed.length = kept;
      needed.push(state);
    }
    return needed;
  }

  /** @param subset ascending */
  #numberOf(subset: readonly number[], behind: number): number {
    let hash = behind;
    for (const member of subset) hash = (Math.imul(hash, 0x01000193) ^ member) | 0;
    let candidates = this.#byHash.get(hash);
    if (candidates === undefined) {
      candidates = [];
      this.#byHash.set(hash, candidates);
    }
    this.#budget.spend(candidates.length);
    for (const candidate of candidates)
      if (this.#behind[candidate] === behind && sameSubset(this.#subsets[candidate] as Uint16Array, subset))
        return candidate;
    const number = this.#subsets.push(new Uint16Array(subset)) - 1;
    this.#budget.checkStates(number + 1);
    this.#behind.push(behind);
    this.#waits.push(this.#waiting);
    candidates.push(number);
    return number;
  }
}

function sameSubset(a: Uint16Array, b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Up to so many numbers are sorted by insertion: subsets are mostly small and nearly in order. */
const INSERTION_MAX = 24;

/** Sorts in place, ascending. */
function sorted(list: number[]): number[] {
  if (list.length > INSERTION_MAX) return list.sort((a, b) => a - b);
  for (let i = 1; i < list.length; i++) {
    const value = list[i] as number;
    let j = i - 1;
    for (; j >= 0 && (list[j] as number) > value; j--) list[j + 1] = list[j] as number;
    list[j + 1] = value;
  }
  return list;
}
