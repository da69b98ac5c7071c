/**
 * Regular expressions, from their text to the table that the matcher runs.
 *
 * The table depends on the text alone. The checker, the linker and every other rule with the same regex ask for it
 * again, so that it is kept for as long as the set of rules is: see `RegexSet`.
 */

import { affixes } from "./affixes.ts";
import type { RegexNode } from "./ast.ts";
import { finiteLanguage, runAutomaton, serialise, toAutomaton } from "./automaton.ts";
import { Budget } from "./budget.ts";
import { determinise } from "./determinise.ts";
import { ALL, DEAD } from "./dfa.ts";
import { RegexError, RegexLimitError } from "./error.ts";
import { minimise } from "./minimise.ts";
import { toNfa } from "./nfa.ts";
import { parseRegex } from "./parser.ts";
import { toBytes } from "./utf8.ts";

export { AUTOMATON_STATES_MAX, AUTOMATON_WORK_MAX } from "./budget.ts";
export { RegexError, RegexLimitError } from "./error.ts";

/** Steps that every regex takes, however small. */
const REGEX_WORK = 2000;

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

/**
 * Most steps for all regexes of a set for each of its files, some 50 ns each: what 1,500 to 2,500 ordinary ones take,
 * or one of the worst.
 */
export const FILE_REGEX_WORK_MAX = 10_000_000;
/** Most steps for all regexes of a set, however many files it has. */
export const SET_REGEX_WORK_MAX = 100_000_000;

/** The set whose rules are being compiled; everything between `run` and its end is synchronous. */
let current: RegexSet | undefined;

/**
 * The regexes of one set of rules. Each is compiled once, and what all of them take is bounded: time, and with it
 * memory, as a table has far fewer bytes than compiling it has steps.
 */
export class RegexSet {
  readonly #workMax: number;
  readonly #known = new Map<string, CompiledRegex | RegexError>();
  #work = 0;

  constructor(workMax = SET_REGEX_WORK_MAX) {
    this.#workMax = workMax;
  }

  /** @returns an empty one for a set of that many files */
  static of(files: number): RegexSet {
    return new RegexSet(Math.min(files * FILE_REGEX_WORK_MAX, SET_REGEX_WORK_MAX));
  }

  /** Steps taken so far. */
  get work(): number {
    return this.#work;
  }

  /** Runs something in which `compileRegex` means this set. */
  run<T>(task: () => T): T {
    const outer = current;
    current = this;
    try {
      return task();
    } finally {
      current = outer;
    }
  }

  /**
   * @throws RegexError as `compileRegex` does
   * @throws RegexLimitError (SET_REGEX_WORK_MAX) when it is new and takes more steps than those before it have left
   */
  compile(source: string): CompiledRegex {
    const result = this.#known.get(source) ?? this.#attempt(source);
    if (result instanceof RegexError) throw result;
    return result;
  }

  #attempt(source: string): CompiledRegex | RegexError {
    if (this.#work > this.#workMax) return this.#refusal(source);
    const budget = new Budget(source, this.#workMax - this.#work);
    const result = attempt(source, budget);
    this.#work += budget.work;
    if (budget.isCutShort) return this.#refusal(source);
    this.#known.set(source, result);
    return result;
  }

  #refusal(source: string): RegexLimitError {
    const maximum = this.#workMax;
    return new RegexLimitError({
      message: `the regular expressions of the rules up to this one took ${this.#work} steps to compile, at most ${maximum} are allowed for all of a set, ${FILE_REGEX_WORK_MAX} for each file (SET_REGEX_WORK_MAX)`,
      start: 0,
      end: source.length,
      hint: "split the policies into more files or sets, or make the regular expressions simpler",
      limit: "SET_REGEX_WORK_MAX",
      value: this.#work,
      maximum,
    });
  }
}

/**
 * Compiles a regex, or finds it in the set that is being compiled.
 *
 * @throws RegexError when it is not well formed, not supported, or too large
 */
export function compileRegex(source: string): CompiledRegex {
  return current === undefined ? compile(source, new Budget(source)) : current.compile(source);
}

/** @returns whether the regex matches anywhere in the text; throws as `compileRegex` does */
export function regexFits(source: string, text: Uint8Array): boolean {
  return runAutomaton(compileRegex(source).table, text);
}

function attempt(source: string, budget: Budget): CompiledRegex | RegexError {
  try {
    return compile(source, budget);
  } catch (error) {
    if (error instanceof RegexError) return error;
    throw error;
  }
}

function compile(source: string, budget: Budget): CompiledRegex {
  budget.spend(REGEX_WORK + source.length);
  const node = parseRegex(source, budget);
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
