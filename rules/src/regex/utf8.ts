/**
 * Automaton over code points to automaton over UTF-8 bytes.
 *
 * Text is decoded as Go does it: a byte that begins no well-formed sequence is read as U+FFFD by itself,
 * and decoding goes on behind it. So a state over bytes is a state over code points with the bytes of a
 * sequence that has begun. When the sequence breaks off, each of those bytes (the first one cannot begin a
 * sequence that is well formed, the others cannot begin any) has been one U+FFFD.
 *
 * The sequences form a trie of which most parts are alike. Its shape, with classes of code points as
 * leaves, is made once; for each state the leaves become what the state does with their classes. It also says
 * which bytes no state can tell apart, so that states have a few columns from the start and never one for each byte.
 */
import { type Alphabet, runAt } from "./alphabet.ts";
import type { Budget } from "./budget.ts";
import { ALL, type ByteAutomaton, DEAD, type Dfa } from "./dfa.ts";

const REPLACEMENT = 0xfffd;
const BYTES = 256;
const CONTINUATION = 0x80;
const BRANCHES = 64;
/** Steps that finding the sequences takes even when all are alike. */
const SHAPES_WORK = 1024;

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
  readonly #uniform = new Map<number, number>();

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
    const key = ((whole ?? 0) * 4 + follow) * 4 + length - 1;
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

/** The parts of bytes that no state tells apart; neighbours in one of them may still be alike. */
interface Columns {
  readonly byteClasses: Uint8Array;
  /** First byte of each class. */
  readonly firsts: readonly number[];
}

/** Bytes by what they stand for in `Shapes`: ASCII characters, continuation bytes between borders of runs, lead bytes. */
function columnsOf({ nodes, leads }: Shapes, alphabet: Alphabet): Columns {
  const borders = new Uint8Array(BRANCHES + 1);
  for (const { runs } of nodes)
    for (let i = 0; i < runs.length; i += 3) {
      borders[runs[i] as number] = 1;
      borders[(runs[i + 1] as number) + 1] = 1;
    }
  const ofCharacter = new Map<number, number>();
  const ofLead = new Map<number | undefined, number>();
  const firsts: number[] = [];
  const byteClasses = Uint8Array.from({ length: BYTES }, (_, byte) => {
    if (byte >= CONTINUATION && byte < CONTINUATION + BRANCHES)
      return byte === CONTINUATION || borders[byte - CONTINUATION] === 1 ? firsts.push(byte) - 1 : firsts.length - 1;
    const isCharacter = byte < CONTINUATION;
    const known: Map<number | undefined, number> = isCharacter ? ofCharacter : ofLead;
    const meaning = isCharacter ? alphabet.classes[runAt(alphabet, byte)] : leads.get(byte);
    const number = known.get(meaning) ?? firsts.push(byte) - 1;
    known.set(meaning, number);
    return number;
  });
  return { byteClasses, firsts };
}

/**
 * @param dfa the smallest one over code points
 * @throws RegexLimitError when it has too many states
 */
export function toBytes(dfa: Dfa, alphabet: Alphabet, budget: Budget): ByteAutomaton {
  return withoutSequences(dfa, alphabet) ?? new ByteStates(dfa, alphabet, budget).build();
}

/**
 * Where all characters beyond ASCII are of one class, and reading several of it is the same as reading one, every
 * byte beyond ASCII may stand for one of them: `foo.*bar`, `^[a-z]+$`, but not `^.{3}$`.
 *
 * @returns null where that is not so
 */
function withoutSequences(dfa: Dfa, alphabet: Alphabet): ByteAutomaton | null {
  const { states, symbols, next } = dfa;
  const last = runAt(alphabet, CONTINUATION);
  if (last !== alphabet.starts.length - 1) return null;
  const other = alphabet.classes[last] as number;
  for (let state = 0; state < states; state++) {
    const target = next[state * symbols + other] as number;
    if (next[target * symbols + other] !== target) return null;
  }
  const byteClasses = new Uint8Array(BYTES).fill(other);
  for (let byte = 0; byte < CONTINUATION; byte++) byteClasses[byte] = alphabet.classes[runAt(alphabet, byte)] as number;
  return { dfa, byteClasses, isSmallest: true };
}

/** States over bytes: first those over code points with their numbers, then the pending ones. */
class ByteStates {
  readonly #dfa: Dfa;
  readonly #alphabet: Alphabet;
  readonly #budget: Budget;
  readonly #shapes: Shapes;
  readonly #columns: Columns;
  readonly #replacement: number;
  readonly #pending: Pending[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(dfa: Dfa, alphabet: Alphabet, budget: Budget) {
    this.#dfa = dfa;
    this.#alphabet = alphabet;
    this.#budget = budget;
    this.#shapes = new Shapes(alphabet);
    budget.spend(SHAPES_WORK + this.#shapes.nodes.length * BRANCHES);
    this.#columns = columnsOf(this.#shapes, alphabet);
    this.#replacement = alphabet.classes[runAt(alphabet, REPLACEMENT)] as number;
  }

  build(): ByteAutomaton {
    const { states, accepting, start } = this.#dfa;
    const { byteClasses, firsts } = this.#columns;
    const symbols = firsts.length;
    const roots = Array.from({ length: states }, (_, state) => this.#rootRow(state));
    const rows = [...roots, ...this.#pending.map((pending) => this.#pendingRow(pending, roots))];
    const next = new Int32Array(rows.length * symbols);
    for (const [state, row] of rows.entries()) next.set(row, state * symbols);
    const ends = [...accepting, ...this.#pending.map(({ broken }) => accepting[broken] as number)];
    const dfa = { states: rows.length, symbols, start, next, accepting: Uint8Array.from(ends) };
    return { dfa, byteClasses, isSmallest: false };
  }

  #step(state: number, symbol: number): number {
    return this.#dfa.next[state * this.#dfa.symbols + symbol] as number;
  }

  #rootRow(state: number): Uint16Array {
    const { firsts } = this.#columns;
    this.#budget.spend(firsts.length);
    const row = new Uint16Array(firsts.length);
    if (state === DEAD || state === ALL) return row.fill(state);
    const memo = new Map<number, number>();
    for (const [column, byte] of firsts.entries()) {
      const shape = this.#shapes.leads.get(byte);
      if (shape !== undefined) row[column] = this.#stateFor(state, shape, memo);
      else if (byte >= CONTINUATION) row[column] = this.#step(state, this.#replacement);
      else row[column] = this.#step(state, this.#alphabet.classes[runAt(this.#alphabet, byte)] as number);
    }
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
    const { byteClasses, firsts } = this.#columns;
    this.#budget.spend(firsts.length);
    const row = (roots[broken] as Uint16Array).slice();
    for (let i = 0; i < runs.length; i += 3) {
      const first = byteClasses[CONTINUATION + (runs[i] as number)] as number;
      const last = byteClasses[CONTINUATION + (runs[i + 1] as number)] as number;
      row.fill(runs[i + 2] as number, first, last + 1);
    }
    return row;
  }
}
