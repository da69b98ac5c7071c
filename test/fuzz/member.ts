/** What a file in members/ exports to be a fuzz target. The file's name, without `.ts`, is the target's. */
export interface FuzzMember {
  /** One line for `--help`: which property is tried. */
  readonly description: string;
  /**
   * Tries cases until the deadline. Equal seeds give equal cases in equal order.
   * @returns how many cases it tried, and what else there is to say of them
   * @throws Error on the first case that breaks the property, with that case in its message
   */
  run(options: FuzzOptions): Promise<FuzzResult>;
}

export interface FuzzResult {
  readonly cases: number;
  /** By name, in the words of the target. */
  readonly summary?: Readonly<Record<string, unknown>>;
}

export interface FuzzOptions {
  /** 0 … 2^32 - 1. */
  readonly seed: number;
  /** On the clock of Date.now(). */
  readonly deadlineMs: number;
  /** A line for people; goes to stderr. */
  log(line: string): void;
  /** How many cases were tried so far. May be called after each: the rate is printed every few seconds only. */
  progress(cases: number): void;
}
