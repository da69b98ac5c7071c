/**
 * What compiling one regex may cost. Determinising takes exponential time and space for some regexes, so
 * it counts while it runs and gives up with an error.
 */
import { RegexLimitError } from "./error.ts";

/** Most states of the automaton, at every stage of making it. */
export const AUTOMATON_STATES_MAX = 16_384;
/** Most steps, each of a few nanoseconds, that making it may take. */
export const AUTOMATON_WORK_MAX = 5_000_000;

export class Budget {
  readonly #source: string;
  readonly #workMax: number;
  #work = 0;

  /** @param workMax fewer steps than any regex may take */
  constructor(source: string, workMax = AUTOMATON_WORK_MAX) {
    this.#source = source;
    this.#workMax = Math.min(workMax, AUTOMATON_WORK_MAX);
  }

  /** Whether there were more steps than were granted, where they were fewer than any regex may take. */
  get isCutShort(): boolean {
    return this.#work > this.#workMax && this.#workMax < AUTOMATON_WORK_MAX;
  }

  get work(): number {
    return this.#work;
  }

  spend(steps: number): void {
    this.#work += steps;
    if (this.#work > this.#workMax) this.#exceeded("AUTOMATON_WORK_MAX", this.#work, this.#workMax, "steps");
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
