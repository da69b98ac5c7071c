/** A place in the text of a regex, shared by the parts of the parser. */
import type { Budget } from "./budget.ts";
import type { CharSet } from "./char-set.ts";
import { RegexError, RegexLimitError } from "./error.ts";

/** Most ranges of all classes of one regex together; `\pL` has about 680. */
export const CLASS_RANGES_MAX = 200_000;
/** Steps that each end of a range takes while classes are folded, joined and compared. */
const RANGE_WORK = 2;

export class Reader {
  readonly source: string;
  at = 0;
  readonly #budget: Budget;
  #ranges = 0;

  constructor(source: string, budget: Budget) {
    this.source = source;
    this.#budget = budget;
  }

  get atEnd(): boolean {
    return this.at >= this.source.length;
  }

  startsWith(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** @returns whether the text came next and has been passed */
  take(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.at += text.length;
    return true;
  }

  /** @returns the next character, "" at the end */
  peek(): string {
    const code = this.source.codePointAt(this.at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  /** Passes one character, of which there must be one. */
  next(): string {
    const character = this.peek();
    this.at += character.length;
    if (/^\p{Cs}$/u.test(character)) this.fail("half a surrogate pair is no character", this.at - 1);
    return character;
  }

  /** @param end exclusive; where the reader stands when left out */
  fail(message: string, start: number, hint?: string, end: number = this.at): never {
    throw new RegexError({ message, start, end: Math.max(end, start + 1), hint });
  }

  /** Counts the ranges of a class that began at `start`. */
  counted(set: CharSet, start: number): CharSet {
    this.#ranges += set.length / 2;
    this.#budget.spend(RANGE_WORK * set.length);
    if (this.#ranges <= CLASS_RANGES_MAX) return set;
    throw new RegexLimitError({
      message: `the classes of the regex have more than ${CLASS_RANGES_MAX} ranges (CLASS_RANGES_MAX) up to here`,
      start,
      end: this.at,
      limit: "CLASS_RANGES_MAX",
      value: this.#ranges,
      maximum: CLASS_RANGES_MAX,
    });
  }

  text(start: number): string {
    return this.source.slice(start, this.at);
  }
}
