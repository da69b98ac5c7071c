/**
 * How much the rules of a set come to once their macros are expanded. Each rule has a limit of its own
 * (`check/scope.ts`); this one is for many rules that each expand a large macro, or stand for several event types.
 */
import { EXPANDED_NODES_MAX } from "./check/scope.ts";
import type { Root } from "./syntax/ast.ts";
import { nodesOf } from "./syntax/walk.ts";

/** Most parts of all expressions of a set for each of its files; checking takes 2 to 5 µs for each, compiling another 5. */
export const FILE_NODES_MAX = 100_000;
/** Most parts of all expressions of a set, however many files it has. */
export const SET_NODES_MAX = 1_200_000;
/** Expressions that a rule over `fim.write.` is checked as. */
const FIM_VARIANTS = 8;

interface Size {
  /** Infinity when it is beyond any limit. */
  readonly nodes: number;
  readonly isFim: boolean;
}

/** Parts of a text itself, and the macros that it names, as often as it does. */
interface Direct extends Size {
  readonly macros: readonly string[];
}

type Macros = ReadonlyMap<string, { readonly root: Root }>;

export class Expansion {
  readonly #macros: Macros;
  readonly #sizes = new Map<string, Size>();
  /** Most parts of the set. */
  readonly max: number;
  #total = 0;
  /** What the last rule was counted as. */
  #counted = 0;

  /** @param files of the set */
  constructor(macros: Macros, files: number) {
    this.#macros = macros;
    this.max = Math.min(files * FILE_NODES_MAX, SET_NODES_MAX);
  }

  /**
   * Counts the expressions of one rule.
   *
   * @returns null when they fit the set; otherwise they are not counted, and it is what the set would come to
   */
  add(roots: readonly Root[]): number | null {
    const sizes = roots.map((root) => this.#size(root));
    const variants = sizes.some(({ isFim }) => isFim) ? FIM_VARIANTS : 1;
    // What is over the limit of one expression is refused there.
    const nodes = sizes.reduce((sum, size) => sum + Math.min(size.nodes, EXPANDED_NODES_MAX), 0) * variants;
    this.#counted = nodes;
    return this.#take(nodes);
  }

  /**
   * Counts what the rule that was added last came to beyond its text: comparing conditions writes each of them twice.
   *
   * @param nodes of all its expressions
   * @returns as `add`; when it is too much the set is full, so that no more such rules are checked
   */
  grow(nodes: number): number | null {
    const over = this.#take(Math.max(0, nodes - this.#counted));
    if (over !== null) this.#total = this.max;
    return over;
  }

  #take(nodes: number): number | null {
    if (this.#total + nodes > this.max) return this.#total + nodes;
    this.#total += nodes;
    return null;
  }

  #size(root: Root): Size {
    const direct = this.#direct(root);
    for (const name of direct.macros) this.#measure(name);
    return this.#sum(direct);
  }

  #direct(root: Root): Direct {
    let nodes = 0;
    let isFim = false;
    const macros: string[] = [];
    for (const node of nodesOf(root)) {
      nodes++;
      if (node.kind !== "ident") continue;
      if (this.#macros.has(node.name)) macros.push(node.name);
      else if (node.name.startsWith("fim.")) isFim = true;
    }
    return { nodes, isFim, macros };
  }

  /** A macro without a size is one that uses itself, which is reported where it is expanded. */
  #sum({ nodes, isFim, macros }: Direct): Size {
    const sizes = macros.map((name) => this.#sizes.get(name));
    return {
      nodes: sizes.reduce((sum, size) => sum + (size?.nodes ?? 0), nodes),
      isFim: isFim || sizes.some((size) => size?.isFim === true),
    };
  }

  /** Sizes of a macro and of those within it, the innermost first; the chain may be longer than the stack. */
  #measure(name: string): void {
    const open = new Map<string, Direct>();
    const stack = [name];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const root = this.#macros.get(top)?.root;
      const begun = open.get(top);
      if (this.#sizes.has(top) || root === undefined) {
        stack.pop();
      } else if (begun === undefined) {
        const direct = this.#direct(root);
        open.set(top, direct);
        for (const inner of new Set(direct.macros)) if (!open.has(inner)) stack.push(inner);
      } else {
        this.#sizes.set(top, this.#sum(begun));
      }
    }
  }
}

/** What is said of a set that would come to `parts`, of `max` that it may. */
export function tooLarge(parts: number, max: number | undefined): { code: string; message: string; hint: string } {
  return {
    code: "set-too-large",
    message: `the rules up to this one come to ${parts} parts once their macros are expanded, at most ${max} are allowed for all of a set, ${FILE_NODES_MAX} for each file (SET_NODES_MAX)`,
    hint: "split the policies into more files or sets, or expand large macros in fewer rules",
  };
}
