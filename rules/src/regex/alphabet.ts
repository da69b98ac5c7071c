/** Classes of code points that a regex does not tell apart: the alphabet of its automaton. */
import type { Budget } from "./budget.ts";
import { type CharSet, CODE_POINT_MAX, contains } from "./char-set.ts";

export interface Alphabet {
  /** Number of classes. */
  readonly size: number;
  /** Code points at which a run of one class begins, ascending, the first one 0. */
  readonly starts: readonly number[];
  /** Class of each run. */
  readonly classes: readonly number[];
  /** A code point of each class. */
  readonly examples: readonly number[];
}

/** @param sets between which of the code points it must be possible to distinguish */
export function partition(sets: readonly CharSet[], budget: Budget): Alphabet {
  const borders = new Set([0]);
  for (const set of sets) {
    budget.spend(set.length);
    for (let i = 0; i < set.length; i += 2) {
      borders.add(set[i] as number);
      if ((set[i + 1] as number) < CODE_POINT_MAX) borders.add((set[i + 1] as number) + 1);
    }
  }
  const starts = [...borders].sort((a, b) => a - b);
  const runOf = new Map(starts.map((start, run) => [start, run]));
  const classes = new Array<number>(starts.length).fill(0);
  let size = 1;
  for (const set of sets) size = refine(set, { starts, runOf, classes, size }, budget);
  return canonical(starts, classes);
}

interface Partial {
  readonly starts: readonly number[];
  readonly runOf: ReadonlyMap<number, number>;
  /** Changed in place. */
  readonly classes: number[];
  readonly size: number;
}

/** Gives every class that lies partly or wholly in the set a new number there. */
function refine(set: CharSet, { starts, runOf, classes, size }: Partial, budget: Budget): number {
  const renamed = new Map<number, number>();
  for (let i = 0; i < set.length; i += 2) {
    const end = set[i + 1] as number;
    let run = runOf.get(set[i] as number) as number;
    for (; run < starts.length && (starts[run] as number) <= end; run++) {
      budget.spend(1);
      const old = classes[run] as number;
      let name = renamed.get(old);
      if (name === undefined) {
        name = size++;
        renamed.set(old, name);
      }
      classes[run] = name;
    }
  }
  return size;
}

/** Numbers the classes in the order of their first code points and joins neighbouring runs of one class. */
function canonical(starts: readonly number[], classes: readonly number[]): Alphabet {
  const numbers = new Map<number, number>();
  const examples: number[] = [];
  const runStarts: number[] = [];
  const runClasses: number[] = [];
  for (const [run, start] of starts.entries()) {
    const old = classes[run] as number;
    let number = numbers.get(old);
    if (number === undefined) {
      number = examples.push(start) - 1;
      numbers.set(old, number);
    }
    if (runClasses.at(-1) === number) continue;
    runStarts.push(start);
    runClasses.push(number);
  }
  return { size: examples.length, starts: runStarts, classes: runClasses, examples };
}

/** @returns for each set and class, at `set × size + class`, whether the class lies in the set */
export function membership(sets: readonly CharSet[], alphabet: Alphabet, budget: Budget): Uint8Array {
  budget.spend(sets.length * alphabet.size);
  const table = new Uint8Array(sets.length * alphabet.size);
  for (const [s, set] of sets.entries())
    for (const [c, example] of alphabet.examples.entries())
      table[s * alphabet.size + c] = contains(set, example) ? 1 : 0;
  return table;
}

/** @returns the run that holds the code point */
export function runAt({ starts }: Alphabet, codePoint: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= codePoint) low = middle;
    else high = middle - 1;
  }
  return low;
}
