/**
 * The automaton of a regex as the matcher runs it: byte classes, rows of 16-bit states, in the layout that
 * `matcher-wasm/format/layout.ts` draws.
 */
import {
  AUTOMATON_ACCEPTING,
  AUTOMATON_ALL,
  AUTOMATON_BYTE_CLASSES,
  AUTOMATON_CLASSES,
  AUTOMATON_DEAD,
  AUTOMATON_ROWS,
  AUTOMATON_START,
  AUTOMATON_STATE_BYTES,
  AUTOMATON_STATES,
} from "@weir/matcher-wasm/format";
import type { Budget } from "./budget.ts";
import { ALL, type ByteAutomaton, DEAD, type Dfa } from "./dfa.ts";
import { minimise } from "./minimise.ts";

const BYTES = 256;

/** @returns the smallest automaton with the fewest classes, states that accept the end of the text last */
export function toAutomaton({ dfa, byteClasses, isSmallest }: ByteAutomaton, budget: Budget): ByteAutomaton {
  const { byteClasses: wide, ...joined } = joinColumns({ dfa, byteClasses, isSmallest }, budget);
  const small = isSmallest
    ? { ...joined, byteClasses: wide }
    : joinColumns({ dfa: minimise(joined.dfa, budget), byteClasses: wide, isSmallest: true }, budget);
  return { ...small, dfa: acceptingLast(small.dfa) };
}

/** Makes symbols that every state treats alike into one. */
function joinColumns({ dfa, byteClasses, isSmallest }: ByteAutomaton, budget: Budget): ByteAutomaton {
  const { states, symbols, next } = dfa;
  // Hashes and rows; what becomes of them later takes as long again.
  budget.spend(2 * states * symbols);
  const hashes = columnHashes(dfa);
  const columns: number[] = [];
  const byHash = new Map<number, number[]>();
  const classes = Uint8Array.from({ length: symbols }, (_, symbol) => {
    const hash = hashes[symbol] as number;
    const alike = byHash.get(hash) ?? [];
    byHash.set(hash, alike);
    const known = alike.find((number) => sameColumn(dfa, columns[number] as number, symbol));
    if (known !== undefined) return known;
    const number = columns.push(symbol) - 1;
    alike.push(number);
    return number;
  });
  const rows = new Int32Array(states * columns.length);
  for (let s = 0; s < states; s++)
    for (let c = 0; c < columns.length; c++)
      rows[s * columns.length + c] = next[s * symbols + (columns[c] as number)] as number;
  return {
    dfa: { ...dfa, symbols: columns.length, next: rows },
    byteClasses: byteClasses.map((symbol) => classes[symbol] as number),
    isSmallest,
  };
}

/** Row by row, as the table lies in memory. */
function columnHashes({ states, symbols, next }: Dfa): Int32Array {
  const hashes = new Int32Array(symbols);
  for (let s = 0; s < states; s++)
    for (let symbol = 0; symbol < symbols; symbol++)
      hashes[symbol] = Math.imul(hashes[symbol] as number, 0x01000193) ^ (next[s * symbols + symbol] as number);
  return hashes;
}

function sameColumn({ states, symbols, next }: Dfa, a: number, b: number): boolean {
  for (let s = 0; s < states; s++) if (next[s * symbols + a] !== next[s * symbols + b]) return false;
  return true;
}

function acceptingLast(dfa: Dfa): Dfa {
  const { states, symbols, next, accepting, start } = dfa;
  const order = [DEAD, ALL];
  for (const wanted of [0, 1])
    for (let s = 0; s < states; s++) if (s !== DEAD && s !== ALL && accepting[s] === wanted) order.push(s);
  const numbers = new Int32Array(states);
  for (const [number, state] of order.entries()) numbers[state] = number;
  const rows = new Int32Array(states * symbols);
  for (let number = 0; number < order.length; number++) {
    const from = (order[number] as number) * symbols;
    for (let c = 0; c < symbols; c++) rows[number * symbols + c] = numbers[next[from + c] as number] as number;
  }
  return {
    states,
    symbols,
    start: numbers[start] as number,
    next: rows,
    accepting: Uint8Array.from(order, (state) => accepting[state] as number),
  };
}

/** @returns the table that the matcher's memory holds */
export function serialise({ dfa, byteClasses }: ByteAutomaton): Uint8Array {
  const { states, symbols, next, accepting, start } = dfa;
  const table = new Uint8Array(AUTOMATON_ROWS + states * symbols * AUTOMATON_STATE_BYTES);
  const view = new DataView(table.buffer);
  const firstAccepting = accepting.indexOf(1, Math.max(AUTOMATON_ALL, AUTOMATON_DEAD) + 1);
  view.setUint32(AUTOMATON_START, start, true);
  view.setUint32(AUTOMATON_ACCEPTING, firstAccepting < 0 ? states : firstAccepting, true);
  view.setUint32(AUTOMATON_CLASSES, symbols, true);
  view.setUint32(AUTOMATON_STATES, states, true);
  table.set(byteClasses, AUTOMATON_BYTE_CLASSES);
  for (let i = 0; i < next.length; i++)
    view.setUint16(AUTOMATON_ROWS + i * AUTOMATON_STATE_BYTES, next[i] as number, true);
  return table;
}

/** Most texts that a regex may fit to be treated as a list of texts. */
export const LITERALS_MAX = 64;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Above it a list would be no gain; also how deep the walk may get. */
const LITERAL_STATES_MAX = 2048;

/** @returns all texts that fit, when they are at most LITERALS_MAX and each is valid UTF-8; null otherwise */
export function finiteLanguage({ dfa, byteClasses }: ByteAutomaton): readonly string[] | null {
  const { states, symbols, next, accepting, start } = dfa;
  if (states > LITERAL_STATES_MAX || !isAcyclic(dfa)) return null;
  const found: string[] = [];
  const prefix: number[] = [];
  const collect = (state: number): boolean => {
    if (accepting[state] === 1) {
      try {
        found.push(decoder.decode(Uint8Array.from(prefix)));
      } catch {
        return false;
      }
      if (found.length > LITERALS_MAX) return false;
    }
    for (let byte = 0; byte < BYTES; byte++) {
      const target = next[state * symbols + (byteClasses[byte] as number)] as number;
      if (target === DEAD) continue;
      prefix.push(byte);
      if (!collect(target)) return false;
      prefix.pop();
    }
    return true;
  };
  return start === DEAD || collect(start) ? found : null;
}

/** Every state but DEAD has a text that leads to the end from it, so one that leads to itself fits endlessly many. */
function isAcyclic({ states, symbols, next, start }: Dfa): boolean {
  const isOpen = new Uint8Array(states);
  const isDone = new Uint8Array(states);
  const visit = (state: number): boolean => {
    if (state === ALL || isOpen[state] === 1) return false;
    if (isDone[state] === 1) return true;
    isOpen[state] = 1;
    for (let c = 0; c < symbols; c++) {
      const target = next[state * symbols + c] as number;
      if (target !== DEAD && !visit(target)) return false;
    }
    isOpen[state] = 0;
    isDone[state] = 1;
    return true;
  };
  return start === DEAD || visit(start);
}

/** The matcher's walk over a table. @returns whether the text fits */
export function runAutomaton(table: Uint8Array, text: Uint8Array): boolean {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const classes = view.getUint32(AUTOMATON_CLASSES, true);
  let state = view.getUint32(AUTOMATON_START, true);
  for (const byte of text) {
    const symbol = table[AUTOMATON_BYTE_CLASSES + byte] as number;
    state = view.getUint16(AUTOMATON_ROWS + (state * classes + symbol) * AUTOMATON_STATE_BYTES, true);
  }
  return state === AUTOMATON_ALL || state >= view.getUint32(AUTOMATON_ACCEPTING, true);
}
