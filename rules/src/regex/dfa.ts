/**
 * A deterministic automaton, over code points or over bytes.
 *
 * Invariant: state DEAD fits no continuation of the text and state ALL every one; both lead to themselves.
 * Every state has a transition for every symbol.
 */
export const DEAD = 0;
export const ALL = 1;

export interface Dfa {
  readonly states: number;
  readonly symbols: number;
  readonly start: number;
  /** At `state × symbols + symbol` the state that follows. */
  readonly next: Int32Array;
  /** For each state 1 when the text fits if it ends here. */
  readonly accepting: Uint8Array;
}

/** An automaton over classes of bytes. */
export interface ByteAutomaton {
  readonly dfa: Dfa;
  /** Class of each byte; classes are the symbols, numbered by their first bytes. */
  readonly byteClasses: Uint8Array;
  /** Whether it is known that no two states fit the same texts. */
  readonly isSmallest: boolean;
}
