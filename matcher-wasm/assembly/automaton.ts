/**
 * Runs the automaton of a regular expression, whose layout `format/layout.ts` draws.
 *
 * Invariant: each byte is read once, whatever the regex; the walk ends early when nothing that follows can
 * change the answer.
 */
import {
  AUTOMATON_ACCEPTING,
  AUTOMATON_ALL,
  AUTOMATON_BYTE_CLASSES,
  AUTOMATON_CLASSES,
  AUTOMATON_ROWS,
  AUTOMATON_START,
} from "../format/layout.ts";

const ALL: u32 = AUTOMATON_ALL;

export function fitsAutomaton(automaton: usize, text: usize, length: u32): bool {
  const classes = load<u32>(automaton, AUTOMATON_CLASSES);
  const end = text + length;
  let state = load<u32>(automaton, AUTOMATON_START);
  for (; text < end && state > ALL; text++) {
    const symbol = load<u8>(automaton + load<u8>(text), AUTOMATON_BYTE_CLASSES);
    state = load<u16>(automaton + (((state * classes + symbol) << 1) as usize), AUTOMATON_ROWS);
  }
  return state == ALL || state >= load<u32>(automaton, AUTOMATON_ACCEPTING);
}
