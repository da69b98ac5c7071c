/** The one exception that the stages of the front end throw and the compile driver turns into a diagnostic. */

/** Range in UTF-16 units of the expression's text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ExpressionErrorOptions {
  /** Short stable name, as in `Diagnostic.code`. */
  readonly code: string;
  readonly message: string;
  readonly span: Span;
  readonly hint?: string | undefined;
}

/** What is wrong with an expression, and where in its own text. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly code: string;
  readonly span: Span;
  readonly hint: string | undefined;
  constructor({ code, message, span, hint }: ExpressionErrorOptions) {
    super(message);
    this.code = code;
    this.span = span;
    this.hint = hint;
  }
}
