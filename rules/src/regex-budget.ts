/**
 * How much work the regexes of a set come to. Each has a limit of its own (`regex/budget.ts`); this one is for
 * many that each come close to it. A regex counts once, however many rules have it.
 */
import { AUTOMATON_WORK_MAX, compileRegex, RegexError, RegexLimitError } from "./regex/index.ts";
import type { Root } from "./syntax/ast.ts";
import { nodesOf } from "./syntax/walk.ts";

/** Most steps for all regexes of a set together: what 20 of the worst take, or some thousands of ordinary ones. */
export const SET_REGEX_WORK_MAX = 20 * AUTOMATON_WORK_MAX;

type Macros = ReadonlyMap<string, { readonly root: Root }>;

export class RegexBudget {
  readonly #macros: Macros;
  readonly #workMax: number;
  readonly #seen = new Set<string>();
  #work = 0;

  constructor(macros: Macros, workMax = SET_REGEX_WORK_MAX) {
    this.#macros = macros;
    this.#workMax = workMax;
  }

  /**
   * Counts the regexes of one rule that no rule before it has, those of its macros included.
   *
   * @returns whether the set had room for them
   */
  add(roots: readonly Root[]): boolean {
    const macros = new Set<string>();
    const open = [...roots];
    for (let root = open.pop(); root !== undefined; root = open.pop())
      for (const node of nodesOf(root)) {
        if (node.kind === "regex" && !this.#count(node.source)) return false;
        if (node.kind !== "ident" || macros.has(node.name)) continue;
        macros.add(node.name);
        const macro = this.#macros.get(node.name);
        if (macro !== undefined) open.push(macro.root);
      }
    return true;
  }

  #count(source: string): boolean {
    if (this.#seen.has(source)) return true;
    if (this.#work > this.#workMax) return false;
    this.#seen.add(source);
    this.#work += workOf(source);
    return true;
  }
}

/** What was given up has cost about as much as there is. */
function workOf(source: string): number {
  try {
    return compileRegex(source).work;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    return error instanceof RegexLimitError ? AUTOMATON_WORK_MAX : source.length;
  }
}
