/** Text of an expression to tokens, with the limits that keep every later stage within bounds. */
import { type IToken, Lexer } from "chevrotain";
import { ExpressionError } from "./error.ts";
import { characterHint, numberHint } from "./hints.ts";
import { ALL_TOKENS, Close, CloseList, Open, OpenList } from "./tokens.ts";

/** Most UTF-16 units of one expression. */
export const EXPRESSION_LENGTH_MAX = 64 * 1024;
/** Deepest nesting of parentheses, lists and unary operators; the parser recurses once for each. */
export const NESTING_MAX = 100;

// Recovery off: after the first error the rest is of no interest, and re-scanning it could take quadratic time.
const lexer = new Lexer(ALL_TOKENS, { positionTracking: "onlyOffset", recoveryEnabled: false, safeMode: false });

/** @throws ExpressionError for text that is no token, and for too long or too deeply nested text */
export function tokenize(text: string): IToken[] {
  if (text.length > EXPRESSION_LENGTH_MAX)
    throw new ExpressionError({
      code: "expression-too-long",
      message: `expression of ${text.length} characters: at most ${EXPRESSION_LENGTH_MAX} are allowed`,
      span: { start: 0, end: 1 },
    });
  const { tokens, errors } = lexer.tokenize(text);
  const error = errors[0];
  if (error !== undefined) throw lexError(text, error.offset);
  checkNesting(tokens);
  return tokens;
}

function lexError(text: string, offset: number): ExpressionError {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  const span = { start: offset, end: offset + character.length };
  const rest = text.slice(offset, offset + 40);
  if (/^[~r]?"/.test(rest))
    return new ExpressionError({
      code: "syntax",
      message: "this string is not closed on its line",
      span,
      hint: 'close it with `"`; inside a string write `\\"`',
    });
  if (/^\d/.test(rest)) {
    const word = /^[0-9A-Za-z_]+/.exec(rest)?.[0] ?? character;
    return new ExpressionError({
      code: "syntax",
      message: `malformed number \`${word}\``,
      span: { start: offset, end: offset + word.length },
      hint: numberHint(word),
    });
  }
  const index = /\[[A-Za-z_]\w+\]$/.exec(text.slice(Math.max(0, offset - 40), offset))?.[0];
  if (character === "." && index !== undefined)
    return new ExpressionError({
      code: "syntax",
      message: `\`${index}\` is no iterator register`,
      span: { start: offset - index.length, end: offset },
      hint: "a register is one letter, like `[A]`: the same letter stands for the same element in the whole rule",
    });
  return new ExpressionError({
    code: "syntax",
    message: `unexpected character ${describe(character)}`,
    span,
    hint: characterHint(text.slice(Math.max(0, offset - 40), offset), rest),
  });
}

function describe(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `\`${character}\` (${name})` : name;
}

function checkNesting(tokens: readonly IToken[]): void {
  let depth = 0;
  for (const token of tokens) {
    if (token.tokenType === Open || token.tokenType === OpenList) depth++;
    if (token.tokenType === Close || token.tokenType === CloseList) depth--;
    if (depth > NESTING_MAX)
      throw new ExpressionError({
        code: "nesting",
        message: `brackets nest deeper than ${NESTING_MAX} levels`,
        span: { start: token.startOffset, end: token.startOffset + 1 },
      });
  }
}
