/**
 * The smallest automaton that fits the same texts (Hopcroft's partition refinement), with its states in a
 * canonical order: DEAD, ALL, then as a walk from the start meets them.
 */
import type { Budget } from "./budget.ts";
import { ALL, DEAD, type Dfa } from "./dfa.ts";

export function minimise(dfa: Dfa, budget: Budget): Dfa {
  const { states, symbols, next, accepting } = dfa;
  budget.spend(states * symbols);
  const blockOf = refine(dfa, budget);
  const numbers = new Map<number, number>([
    [blockOf[DEAD] as number, DEAD],
    [blockOf[ALL] as number, ALL],
  ]);
  const examples = [DEAD, ALL];
  const numberOf = (state: number): number => {
    const block = blockOf[state] as number;
    let number = numbers.get(block);
    if (number === undefined) {
      number = examples.push(state) - 1;
      numbers.set(block, number);
    }
    return number;
  };
  const start = numberOf(dfa.start);
  const rows: number[] = [];
  for (let i = 0; i < examples.length; i++)
    for (let c = 0; c < symbols; c++) rows.push(numberOf(next[(examples[i] as number) * symbols + c] as number));
  return {
    states: examples.length,
    symbols,
    start,
    next: new Int32Array(rows),
    accepting: new Uint8Array(examples.map((state) => accepting[state] as number)),
  };
}

/** For each symbol c the states by where it leads: those that lead to t are `from[i]` from `at[c, t]` to `at[c, t + 1]`. */
interface Preimages {
  /** At `c × (states + 1) + t`. */
  readonly at: Int32Array;
  readonly from: Int32Array;
}

function preimages({ states, symbols, next }: Dfa): Preimages {
  const width = states + 1;
  const at = new Int32Array(symbols * width);
  const from = new Int32Array(symbols * states);
  for (let s = 0; s < states; s++)
    for (let c = 0; c < symbols; c++) (at[c * width + (next[s * symbols + c] as number)] as number)++;
  // Each count becomes the end of its part, and each end its beginning as the part is filled from behind.
  let end = 0;
  for (let c = 0; c < symbols; c++) {
    for (let t = 0; t < states; t++) {
      end += at[c * width + t] as number;
      at[c * width + t] = end;
    }
    at[c * width + states] = end;
  }
  for (let s = states - 1; s >= 0; s--)
    for (let c = 0; c < symbols; c++) {
      const place = c * width + (next[s * symbols + c] as number);
      const slot = (at[place] as number) - 1;
      at[place] = slot;
      from[slot] = s;
    }
  return { at, from };
}

/** @returns for each state its block: two states are in one block when no text tells them apart */
function refine(dfa: Dfa, budget: Budget): Int32Array {
  const { at, from } = preimages(dfa);
  const blocks = new Blocks(dfa.states);
  for (let s = 0; s < dfa.states; s++) if (dfa.accepting[s] === 0) blocks.mark(s);
  blocks.split(() => {});
  const pending = blocks.count === 2 ? [0, 1] : [0];
  const isPending = pending.map(() => true);
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    isPending[block] = false;
    const members = blocks.members(block);
    budget.spend(members.length * dfa.symbols);
    for (let c = 0; c < dfa.symbols; c++) {
      const row = c * (dfa.states + 1);
      for (const member of members)
        for (let i = at[row + member] as number; i < (at[row + member + 1] as number); i++)
          blocks.mark(from[i] as number);
      blocks.split((old, added) => {
        const chosen = isPending[old] === true || blocks.size(added) <= blocks.size(old) ? added : old;
        pending.push(chosen);
        isPending[chosen] = true;
      });
    }
  }
  return blocks.blockOf;
}

/** A partition of the states, each block a range of one array with its marked members first. */
class Blocks {
  readonly blockOf: Int32Array;
  readonly #elements: Int32Array;
  readonly #places: Int32Array;
  readonly #starts = [0];
  readonly #ends: number[];
  readonly #marked = [0];
  #touched: number[] = [];

  constructor(states: number) {
    this.blockOf = new Int32Array(states);
    this.#elements = Int32Array.from({ length: states }, (_, s) => s);
    this.#places = this.#elements.slice();
    this.#ends = [states];
  }

  get count(): number {
    return this.#starts.length;
  }

  size(block: number): number {
    return (this.#ends[block] as number) - (this.#starts[block] as number);
  }

  /** @returns a copy, unharmed by later splits */
  members(block: number): Int32Array {
    return this.#elements.slice(this.#starts[block], this.#ends[block]);
  }

  mark(state: number): void {
    const block = this.blockOf[state] as number;
    const place = this.#places[state] as number;
    const border = (this.#starts[block] as number) + (this.#marked[block] as number);
    if (place < border) return;
    const other = this.#elements[border] as number;
    this.#elements[border] = state;
    this.#elements[place] = other;
    this.#places[state] = border;
    this.#places[other] = place;
    if (this.#marked[block] === 0) this.#touched.push(block);
    (this.#marked[block] as number)++;
  }

  /** Splits every block of which some members are marked and some not, and unmarks all. */
  split(report: (old: number, added: number) => void): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const block of touched) {
      const marked = this.#marked[block] as number;
      this.#marked[block] = 0;
      if (marked === this.size(block)) continue;
      const start = this.#starts[block] as number;
      const added = this.#starts.push(start) - 1;
      this.#ends.push(start + marked);
      this.#marked.push(0);
      this.#starts[block] = start + marked;
      for (let i = start; i < start + marked; i++) this.blockOf[this.#elements[i] as number] = added;
      report(block, added);
    }
  }
}
