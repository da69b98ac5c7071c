/**
 * Regular expressions, from their text to the table that the matcher runs.
 *
 * Pure: the table depends on the text alone. What was compiled, or why it could not be, is kept for a while,
 * because the checker, the linker and every other rule with the same regex ask again.
 */

import { affixes } from "./affixes.ts";
import type { RegexNode } from "./ast.ts";
import { finiteLanguage, serialise, toAutomaton } from "./automaton.ts";
import { Budget } from "./budget.ts";
import { determinise } from "./determinise.ts";
import { ALL, DEAD } from "./dfa.ts";
import { RegexError } from "./error.ts";
import { minimise } from "./minimise.ts";
import { toNfa } from "./nfa.ts";
import { parseRegex } from "./parser.ts";
import { toBytes } from "./utf8.ts";

export { AUTOMATON_STATES_MAX, AUTOMATON_WORK_MAX } from "./budget.ts";
export { RegexError, RegexLimitError } from "./error.ts";

export interface CompiledRegex {
  /** As `AUTOMATON_*` of the matcher's layout. */
  readonly table: Uint8Array;
  readonly states: number;
  readonly classes: number;
  /** Steps that compiling took, see AUTOMATON_WORK_MAX. */
  readonly work: number;
  readonly fits: "every text" | "no text" | "some texts";
  /** All texts that fit, when they are few and valid UTF-8. */
  readonly texts: readonly string[] | null;
  /** Texts with one of which every text that fits begins, or ends; see `affixes.ts`. */
  readonly prefixes: readonly string[] | null;
  readonly suffixes: readonly string[] | null;
  /** What the regex is when it is only a run of characters. */
  readonly literal: string | null;
}

/** Bytes of tables and texts kept. */
const CACHE_BYTES_MAX = 32 << 20;
const ENTRY_BYTES = 256;

const cache = new Map<string, CompiledRegex | RegexError>();
let cacheBytes = 0;

/** @throws RegexError when it is not well formed, not supported, or too large */
export function compileRegex(source: string): CompiledRegex {
  const known = cache.get(source);
  const result = known ?? attempt(source);
  if (known === undefined) keep(source, result);
  if (result instanceof RegexError) throw result;
  return result;
}

function attempt(source: string): CompiledRegex | RegexError {
  try {
    return compile(source);
  } catch (error) {
    if (error instanceof RegexError) return error;
    throw error;
  }
}

function keep(source: string, result: CompiledRegex | RegexError): void {
  cacheBytes += costOf(source, result);
  cache.set(source, result);
  for (const [oldest, value] of cache) {
    if (cacheBytes <= CACHE_BYTES_MAX) break;
    cache.delete(oldest);
    cacheBytes -= costOf(oldest, value);
  }
}

function costOf(source: string, result: CompiledRegex | RegexError): number {
  return ENTRY_BYTES + 2 * source.length + (result instanceof RegexError ? 0 : result.table.length);
}

function compile(source: string): CompiledRegex {
  const node = parseRegex(source);
  const budget = new Budget(source);
  const { dfa, alphabet } = determinise(toNfa(node, source), budget);
  const automaton = toAutomaton(toBytes(minimise(dfa, budget), alphabet, budget), budget);
  const { start, states, symbols } = automaton.dfa;
  return {
    table: serialise(automaton),
    states,
    classes: symbols,
    work: budget.work,
    fits: start === ALL ? "every text" : start === DEAD ? "no text" : "some texts",
    texts: finiteLanguage(automaton),
    prefixes: affixes(node, "start"),
    suffixes: affixes(node, "end"),
    literal: literalOf(node),
  };
}

/** @returns the text when the regex is one, without assertions or choices */
function literalOf(node: RegexNode): string | null {
  const parts = node.kind === "concat" ? node.parts : [node];
  const points = parts.map((part) =>
    part.kind === "chars" && part.set.length === 2 && part.set[0] === part.set[1] ? part.set[0] : undefined,
  );
  return points.every((point) => point !== undefined) ? String.fromCodePoint(...points.slice(0, 4096)) : null;
}
