/** Regular expressions in comparisons: what they may be compared with, and what is odd about them. */
import type { Field } from "@weir/matcher-wasm/format";
import type { StringTest } from "../ir.ts";
import { compileRegex, RegexError, RegexLimitError } from "../regex/index.ts";
import type { Node } from "../syntax/ast.ts";
import type { TextOperand } from "./operand.ts";
import type { Scope } from "./scope.ts";

/** The characters `r"` before the source. */
const QUOTE_LENGTH = 2;

/** Compiles it where it stands, so that a fault in a macro is shown in the macro. */
export function regexOperand(scope: Scope, { source, span }: Extract<Node, { kind: "regex" }>): TextOperand {
  try {
    compileRegex(source);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    if (error instanceof RegexLimitError && error.limit === "SET_REGEX_WORK_MAX")
      scope.fail("set-too-large", span, error.message, error.hint);
    const start = span.start + QUOTE_LENGTH;
    scope.fail("regex", { start: start + error.start, end: start + error.end }, error.message, error.hint);
  }
  return { type: "text", value: source, pattern: false, regex: true, span, excerpt: scope.excerpt };
}

/** @returns the test; paths are matched with globs only, as SECL has it */
export function regexTest(scope: Scope, field: Field, { value: source, span, excerpt }: TextOperand): StringTest {
  if (field.matching === "path")
    scope.fail(
      "regex",
      span,
      `\`${field.name}\` is a path: a regular expression cannot be compared with it`,
      `use a glob, \`${field.name} =~ "/etc/**"\`, or the last component, \`${field.name.replace(/path$/, "name")}\``,
    );
  const { fits, literal } = compileRegex(source);
  if (fits === "every text")
    scope.warn("always-matches", span, "this regular expression matches every text", undefined, excerpt);
  else if (fits === "no text")
    scope.warn("never-matches", span, "this regular expression matches no text", undefined, excerpt);
  else if (literal !== null)
    scope.warn(
      "literal-regex",
      span,
      "this regular expression is plain text, found anywhere in the value",
      literal.includes("*")
        ? undefined
        : `a pattern says the same: \`~"*${literal}*"\`; for the whole value compare with \`${JSON.stringify(literal)}\``,
      excerpt,
    );
  return { kind: "regex", source };
}
