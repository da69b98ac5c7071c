/**
 * What compiling one regex may cost. Determinising takes exponential time and space for some regexes, so
 * it counts while it runs and gives up with an error.
 */
import { RegexLimitError } from "./error.ts";

/** Most states of the automaton, at every stage of making it. */
export const AUTOMATON_STATES_MAX = 16_384;
/** Most steps, each of a few nanoseconds, that making it may take. */
export const AUTOMATON_WORK_MAX = 10_000_000;

export class Budget {
  readonly #source: string;
  #work = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get work(): number {
    return this.#work;
  }

  spend(steps: number): void {
    this.#work += steps;
    if (this.#work > AUTOMATON_WORK_MAX) this.#exceeded("AUTOMATON_WORK_MAX", this.#work, AUTOMATON_WORK_MAX, "steps");
  }

  /** @param count states there are now */
  checkStates(count: number): void {
    if (count > AUTOMATON_STATES_MAX) this.#exceeded("AUTOMATON_STATES_MAX", count, AUTOMATON_STATES_MAX, "states");
  }

  #exceeded(limit: string, value: number, maximum: number, what: string): never {
    throw new RegexLimitError({
      message: `the regex is too complex: its automaton took ${value} ${what} when it was given up, at most ${maximum} are allowed (${limit})`,
      start: 0,
      end: this.#source.length,
      hint: "counted repetitions behind something that can match in many places multiply: anchor the regex or shorten the counts",
      limit,
      value,
      maximum,
    });
  }
}
