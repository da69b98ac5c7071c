/** Why a regular expression cannot be used, and where in its own text. */

export interface RegexErrorOptions {
  readonly message: string;
  /** Range in UTF-16 units of the regex's source. */
  readonly start: number;
  readonly end: number;
  readonly hint?: string | undefined;
}

/** The regex is not well formed, uses what linear time excludes, or is too large. */
export class RegexError extends Error {
  override readonly name = "RegexError";
  readonly start: number;
  readonly end: number;
  readonly hint: string | undefined;
  constructor({ message, start, end, hint }: RegexErrorOptions) {
    super(message);
    this.start = start;
    this.end = end;
    this.hint = hint;
  }
}

/** Which limit a regex breaks; `value` is what was received, where counting had to stop the limit itself. */
export class RegexLimitError extends RegexError {
  readonly limit: string;
  readonly value: number;
  readonly maximum: number;
  constructor(options: RegexErrorOptions & { limit: string; value: number; maximum: number }) {
    super(options);
    this.limit = options.limit;
    this.value = options.value;
    this.maximum = options.maximum;
  }
}
