/**
 * Syntax tree to a nondeterministic automaton over code points, after Thompson: counted repetitions are
 * written out, assertions stay as states that are passed without reading.
 */
import type { Assertion, RegexNode } from "./ast.ts";
import type { CharSet } from "./char-set.ts";
import { RegexLimitError } from "./error.ts";

/** Most states once counted repetitions are written out; state numbers fit 16 bits. */
export const NFA_STATES_MAX = 32_768;

export type NfaState =
  /** Reads a code point of `sets[set]`. */
  | { readonly kind: "chars"; readonly set: number; readonly out: number }
  | { readonly kind: "assert"; readonly assertion: Assertion; readonly out: number }
  /** `out` is set once more while a loop is closed. */
  | { readonly kind: "split"; out: number; readonly alt: number }
  | { readonly kind: "match" };

export interface Nfa {
  readonly states: readonly NfaState[];
  readonly start: number;
  /** Distinct. */
  readonly sets: readonly CharSet[];
  readonly assertions: ReadonlySet<Assertion>;
}

/** @throws RegexLimitError when it has more than NFA_STATES_MAX states */
export function toNfa(node: RegexNode, source: string): Nfa {
  const builder = new NfaBuilder(source);
  const start = builder.add(node, builder.emit({ kind: "match" }));
  return { states: builder.states, start, sets: builder.sets, assertions: builder.assertions };
}

class NfaBuilder {
  readonly states: NfaState[] = [];
  readonly sets: CharSet[] = [];
  readonly assertions = new Set<Assertion>();
  readonly #setNumbers = new Map<CharSet | string, number>();
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  emit(state: NfaState): number {
    if (this.states.length >= NFA_STATES_MAX)
      throw new RegexLimitError({
        message: `the regex has more than ${NFA_STATES_MAX} positions once its repetitions are written out (NFA_STATES_MAX)`,
        start: 0,
        end: this.#source.length,
        limit: "NFA_STATES_MAX",
        value: this.states.length + 1,
        maximum: NFA_STATES_MAX,
      });
    return this.states.push(state) - 1;
  }

  /** @returns the state from which what the node stands for leads to `next` */
  add(node: RegexNode, next: number): number {
    switch (node.kind) {
      case "empty":
        return next;
      case "chars":
        return this.emit({ kind: "chars", set: this.#setNumber(node.set), out: next });
      case "assert":
        this.assertions.add(node.assertion);
        return this.emit({ kind: "assert", assertion: node.assertion, out: next });
      case "concat":
        return node.parts.reduceRight((after, part) => this.add(part, after), next);
      case "alternate":
        return node.parts
          .map((part) => this.add(part, next))
          .reduceRight((alt, out) => this.emit({ kind: "split", out, alt }));
      case "repeat":
        return this.#repeat(node, next);
    }
  }

  #repeat({ part, min, max }: Extract<RegexNode, { kind: "repeat" }>, next: number): number {
    let required = min;
    let entry = next;
    if (max === null) {
      const split: NfaState = { kind: "split", out: next, alt: next };
      const loop = this.emit(split);
      split.out = this.add(part, loop);
      entry = min === 0 ? loop : split.out;
      required = Math.max(0, min - 1);
    } else {
      for (let i = min; i < max; i++) entry = this.emit({ kind: "split", out: this.add(part, entry), alt: next });
    }
    for (let i = 0; i < required; i++) entry = this.add(part, entry);
    return entry;
  }

  /** The same object is met again for every copy of a repetition, so that is looked for first. */
  #setNumber(set: CharSet): number {
    const known = this.#setNumbers.get(set);
    if (known !== undefined) return known;
    const key = set.join();
    const number = this.#setNumbers.get(key) ?? this.sets.push(set) - 1;
    this.#setNumbers.set(set, number);
    this.#setNumbers.set(key, number);
    return number;
  }
}
