/** Typed parts of an expression, between syntax tree and IR. */
import type { Field } from "@weir/matcher-wasm/format";
import type { Expr, IntExpr, Network, StringTest, TemplatePart } from "../ir.ts";
import { globFlaw, pathFlaw } from "../paths.ts";
import { checkedComponents, hasStar, PatternError, parsePattern } from "../pattern.ts";
import type { Excerpt } from "../source.ts";
import type { Span } from "../syntax/error.ts";
import { regexTest } from "./regex.ts";
import type { Scope } from "./scope.ts";

export interface TextOperand {
  readonly type: "text";
  readonly value: string;
  /** Written as `~"…"`. */
  readonly pattern: boolean;
  /** Written as `r"…"`: the value is the source of a regular expression. */
  readonly regex?: true;
  /** The text has variables in it. */
  readonly parts?: readonly TemplatePart[];
  readonly span: Span;
  /** What the span lies in: a macro's text where the value stands there. */
  readonly excerpt: Excerpt;
}

export type Operand =
  | {
      readonly type: "bool";
      readonly expr: Expr;
      /** The field by itself, which has any number of truth values: as a condition, any of them. */
      readonly array?: Field;
      readonly span: Span;
    }
  | {
      readonly type: "int";
      readonly expr: IntExpr;
      /** Of nanoseconds; without one the integer is a plain number. */
      readonly unit?: "duration" | "timestamp";
      readonly span: Span;
    }
  /** A field with any number of integers. */
  | { readonly type: "ints"; readonly field: Field; readonly span: Span }
  /** A field with one string or any number of them. */
  | { readonly type: "string"; readonly field: Field; readonly span: Span }
  /** A field with one address or any number of them. */
  | { readonly type: "address"; readonly field: Field; readonly span: Span }
  /** An address or a network. */
  | { readonly type: "ip"; readonly network: Network; readonly span: Span }
  | TextOperand
  | { readonly type: "list"; readonly items: readonly Operand[]; readonly span: Span };

/** @returns the operand in the words of an error message */
export function describeOperand(operand: Operand): string {
  switch (operand.type) {
    case "bool":
      return operand.array === undefined ? "a boolean" : `the array of booleans \`${operand.array.name}\``;
    case "address":
      return `the address ${operand.field.array ? "array" : "field"} \`${operand.field.name}\``;
    case "ip":
      return operand.network.text.includes("/") ? "a network" : "an address";
    case "int":
      if (operand.unit === "duration") return "a duration";
      return operand.expr.kind === "intField" ? `the integer field \`${operand.expr.field.name}\`` : "an integer";
    case "ints":
      return `the integer array \`${operand.field.name}\``;
    case "string":
      return `the string ${operand.field.array ? "array" : "field"} \`${operand.field.name}\``;
    case "text":
      return operand.regex ? "a regular expression" : operand.pattern ? "a pattern" : "a string";
    case "list":
      return "a list";
  }
}

/** @returns the value when the operand is a constant integer */
export function intConstant(operand: Operand): bigint | undefined {
  return operand.type === "int" && operand.expr.kind === "int" ? operand.expr.value : undefined;
}

/**
 * @param like compared by `=~`: plain text is a pattern too
 * @returns the test that the text stands for in a comparison with the field
 */
export function textTest(scope: Scope, field: Field, text: TextOperand, like: boolean): StringTest {
  const test = readTest(scope, field, text, like);
  scope.texts.set(test, { field, text, like });
  return test;
}

/** As `textTest`, for a text that nothing is noted of. */
export function readTest(scope: Scope, field: Field, text: TextOperand, like: boolean): StringTest {
  if (text.regex) return regexTest(scope, field, text);
  const { value, span, excerpt, parts } = text;
  if (parts !== undefined) {
    if (text.pattern || (like && hasStar(value)))
      scope.unsupported(span, "variables in patterns are", "compare with `==`, or list what may occur");
    return { kind: "template", parts };
  }
  if (!text.pattern && !like) {
    if (hasStar(value))
      scope.warn(
        "literal-star",
        span,
        "the `*` in this plain string is an ordinary character",
        `for a pattern write \`~"${value}"\``,
        excerpt,
      );
    lintPath(scope, field, text);
    return { kind: "equals", value };
  }
  const glob = field.matching === "path";
  if (!hasStar(value)) {
    lintPath(scope, field, text);
    return { kind: "equals", value };
  }
  try {
    if (glob) checkedComponents(value);
    else parsePattern(value);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    scope.fail("pattern", span, error.message);
  }
  if (glob) lintGlob(scope, field, text);
  return glob ? { kind: "glob", pattern: value } : { kind: "pattern", pattern: value };
}

const isEventPath = (field: Field): boolean => field.source.from === "path";

function lintPath(scope: Scope, field: Field, { value, span, excerpt }: TextOperand): void {
  if (field.source.from === "basename" && value.includes("/")) {
    const message = `\`${field.name}\` is a single component and never contains \`/\``;
    scope.warn("never-matches", span, message, undefined, excerpt);
  }
  const flaw = isEventPath(field) ? pathFlaw(field, value) : undefined;
  if (flaw === undefined) return;
  const message = `no path equals ${shown(value)}: ${flaw}`;
  scope.warn("never-matches", span, message, homeHint(value) ?? directoryHint(value) ?? NORMALISED_HINT, excerpt);
}

function lintGlob(scope: Scope, field: Field, { value, span, excerpt }: TextOperand): void {
  const flaw = isEventPath(field) ? globFlaw(value) : undefined;
  if (flaw === undefined) return;
  const message = `no path fits ${shown(value)}: ${flaw}`;
  const start = homeHint(value) ?? "start it with `/` or `**/`";
  const hint = /^[/*]/.test(value) ? (directoryHint(value) ?? NORMALISED_HINT) : start;
  scope.warn("never-matches", span, message, hint, excerpt);
}

const NORMALISED_HINT = "paths of events are absolute and normalised";
const SHOWN_MAX = 80;

const shown = (text: string): string =>
  JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text);

/** For a path that is written as a shell would take it. */
function homeHint(value: string): string | undefined {
  return /^~(\/|$)/.test(value) ? "`~` is not expanded: home directories are `/root` and `/home/*`" : undefined;
}

/** For a path that is written with a slash behind it. */
function directoryHint(value: string): string | undefined {
  const bare = /^(\/.*[^/])\/+$/s.exec(value)?.[1];
  if (bare === undefined) return undefined;
  if (bare.includes("*")) return `paths of directories have no \`/\` at their end either: write \`~${shown(bare)}\``;
  return `for the directory write ${shown(bare)}, for what lies below it \`~${shown(`${bare}/**`)}\``;
}
