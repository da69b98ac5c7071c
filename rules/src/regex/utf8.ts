/**
 * Automaton over code points to automaton over UTF-8 bytes.
 *
 * Text is decoded as Go does it: a byte that begins no well-formed sequence is read as U+FFFD by itself,
 * and decoding goes on behind it. So a state over bytes is a state over code points with the bytes of a
 * sequence that has begun. When the sequence breaks off, each of those bytes (the first one cannot begin a
 * sequence that is well formed, the others cannot begin any) has been one U+FFFD.
 *
 * The sequences form a trie of which most parts are alike. Its shape, with classes of code points as
 * leaves, is made once; for each state the leaves become what the state does with their classes.
 */
import { type Alphabet, runAt } from "./alphabet.ts";
import type { Budget } from "./budget.ts";
import { ALL, DEAD, type Dfa } from "./dfa.ts";

const REPLACEMENT = 0xfffd;
const BYTES = 256;
const CONTINUATION = 0x80;
const BRANCHES = 64;

/** Lead bytes: their first and last, the code point of the first, how many bytes follow. */
const LEADS = [
  { from: 0xc2, to: 0xdf, base: 0x80, follow: 1 },
  { from: 0xe0, to: 0xef, base: 0x0, follow: 2 },
  { from: 0xf0, to: 0xf4, base: 0x0, follow: 3 },
] as const;

/** Code points that sequences of so many bytes may not stand for: too small for their length, surrogates, too large. */
function isIllFormed(low: number, high: number, length: number): boolean {
  const least = [0, 0, 0x80, 0x800, 0x10000][length] as number;
  return high < least || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff);
}

/** What follows a prefix of a sequence: for each continuation byte a class (leaf), a node, or nothing. */
interface Shape {
  /** Bytes of the prefix. */
  readonly depth: number;
  readonly leaf: boolean;
  /** Runs `first, last, value` of continuation bytes, counted from 0x80; the others break the sequence off. */
  readonly runs: readonly number[];
}

/** The trie of all multi-byte sequences, equal nodes once. */
class Shapes {
  readonly nodes: Shape[] = [];
  /** Node for each lead byte, by its value. */
  readonly leads = new Map<number, number>();
  readonly #alphabet: Alphabet;
  readonly #numbers = new Map<string, number>();
  /** By the only class, depth and bytes to follow: node for blocks of one class. */
  readonly #uniform = new Map<string, number>();

  constructor(alphabet: Alphabet) {
    this.#alphabet = alphabet;
    for (const { from, to, base, follow } of LEADS)
      for (let lead = from; lead <= to; lead++)
        this.leads.set(lead, this.#node(base + (lead - from) * BRANCHES ** follow, follow, follow + 1));
  }

  /** @returns the node for the block of code points from `base` on that `follow` more bytes distinguish */
  #node(base: number, follow: number, length: number): number {
    const span = BRANCHES ** (follow - 1);
    const end = base + span * BRANCHES - 1;
    const whole = !this.#mayBeIllFormed(base, end, length) ? this.#onlyClass(base, end) : undefined;
    const key = `${whole} ${follow} ${length}`;
    const known = whole === undefined ? undefined : this.#uniform.get(key);
    if (known !== undefined) return known;
    const runs: number[] = [];
    for (let branch = 0; branch < BRANCHES; branch++) {
      const low = base + branch * span;
      if (isIllFormed(low, low + span - 1, length)) continue;
      const value =
        follow === 1
          ? (this.#alphabet.classes[runAt(this.#alphabet, low)] as number)
          : this.#node(low, follow - 1, length);
      const last = runs.length - 3;
      if (last >= 0 && runs[last + 1] === branch - 1 && runs[last + 2] === value) runs[last + 1] = branch;
      else runs.push(branch, branch, value);
    }
    const number = this.#intern({ depth: length - follow, leaf: follow === 1, runs });
    if (whole !== undefined) this.#uniform.set(key, number);
    return number;
  }

  #mayBeIllFormed(low: number, high: number, length: number): boolean {
    const least = [0, 0, 0x80, 0x800, 0x10000][length] as number;
    return low < least || high > 0x10ffff || (low <= 0xdfff && high >= 0xd800);
  }

  #onlyClass(low: number, high: number): number | undefined {
    const run = runAt(this.#alphabet, low);
    const next = this.#alphabet.starts[run + 1];
    return next === undefined || next > high ? this.#alphabet.classes[run] : undefined;
  }

  #intern(shape: Shape): number {
    const key = `${shape.depth} ${shape.leaf} ${shape.runs.join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.nodes.push(shape) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}

/** A state inside a sequence. */
interface Pending {
  /** State over code points once the sequence has broken off. */
  readonly broken: number;
  /** Runs `first, last, state` as in the shape, with states over bytes. */
  readonly runs: readonly number[];
}

/** @throws RegexLimitError when it has too many states */
export function toBytes(dfa: Dfa, alphabet: Alphabet, budget: Budget): Dfa {
  return new ByteStates(dfa, alphabet, budget).build();
}

/** States over bytes: first those over code points with their numbers, then the pending ones. */
class ByteStates {
  readonly #dfa: Dfa;
  readonly #alphabet: Alphabet;
  readonly #budget: Budget;
  readonly #shapes: Shapes;
  readonly #replacement: number;
  readonly #pending: Pending[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(dfa: Dfa, alphabet: Alphabet, budget: Budget) {
    this.#dfa = dfa;
    this.#alphabet = alphabet;
    this.#budget = budget;
    this.#shapes = new Shapes(alphabet);
    this.#replacement = alphabet.classes[runAt(alphabet, REPLACEMENT)] as number;
  }

  build(): Dfa {
    const { states, accepting, start } = this.#dfa;
    const roots = Array.from({ length: states }, (_, state) => this.#rootRow(state));
    const rows = [...roots, ...this.#pending.map((pending) => this.#pendingRow(pending, roots))];
    const next = new Int32Array(rows.length * BYTES);
    for (const [state, row] of rows.entries()) next.set(row, state * BYTES);
    const ends = [...accepting, ...this.#pending.map(({ broken }) => accepting[broken] as number)];
    return { states: rows.length, symbols: BYTES, start, next, accepting: Uint8Array.from(ends) };
  }

  #step(state: number, symbol: number): number {
    return this.#dfa.next[state * this.#dfa.symbols + symbol] as number;
  }

  #rootRow(state: number): Uint16Array {
    this.#budget.spend(BYTES);
    const row = new Uint16Array(BYTES).fill(this.#step(state, this.#replacement));
    for (let byte = 0; byte < CONTINUATION; byte++)
      row[byte] = this.#step(state, this.#alphabet.classes[runAt(this.#alphabet, byte)] as number);
    if (state === DEAD || state === ALL) return row.fill(state);
    const memo = new Map<number, number>();
    for (const [lead, shape] of this.#shapes.leads) row[lead] = this.#stateFor(state, shape, memo);
    return row;
  }

  /** @returns the state over bytes for a prefix with that shape behind it, when `state` came before the prefix */
  #stateFor(state: number, shape: number, memo: Map<number, number>): number {
    const known = memo.get(shape);
    if (known !== undefined) return known;
    const { depth, leaf, runs } = this.#shapes.nodes[shape] as Shape;
    this.#budget.spend(runs.length + 1);
    const own: number[] = [];
    for (let i = 0; i < runs.length; i += 3) {
      const value = runs[i + 2] as number;
      const target = leaf ? this.#step(state, value) : this.#stateFor(state, value, memo);
      if (own.length > 0 && own.at(-1) === target && own.at(-2) === (runs[i] as number) - 1)
        own[own.length - 2] = runs[i + 1] as number;
      else own.push(runs[i] as number, runs[i + 1] as number, target);
    }
    let broken = state;
    for (let i = 0; i < depth; i++) broken = this.#step(broken, this.#replacement);
    const number = this.#intern({ broken, runs: own });
    memo.set(shape, number);
    return number;
  }

  #intern(pending: Pending): number {
    const key = `${pending.broken} ${pending.runs.join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#dfa.states + this.#pending.push(pending) - 1;
    this.#budget.checkStates(number + 1);
    this.#numbers.set(key, number);
    return number;
  }

  /** Bytes that break the sequence off are read by the state that the broken bytes lead to. */
  #pendingRow({ broken, runs }: Pending, roots: readonly Uint16Array[]): Uint16Array {
    this.#budget.spend(BYTES);
    const row = (roots[broken] as Uint16Array).slice();
    for (let i = 0; i < runs.length; i += 3)
      row.fill(runs[i + 2] as number, CONTINUATION + (runs[i] as number), CONTINUATION + (runs[i + 1] as number) + 1);
    return row;
  }
}
