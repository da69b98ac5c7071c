/** Comparison operators on typed operands. */
import { compareInts, MIRRORED } from "../integers.ts";
import type { CompareOp, Expr } from "../ir.ts";
import type { ComparisonOp } from "../syntax/ast.ts";
import type { Span } from "../syntax/error.ts";
import { compareAddresses } from "./addresses.ts";
import { constantFits, isPlain } from "./constant.ts";
import { describeOperand, type Operand, type TextOperand, textTest } from "./operand.ts";
import type { Scope } from "./scope.ts";
import { compareAge, isAge } from "./time.ts";

export interface Comparison {
  readonly op: ComparisonOp;
  readonly opSpan: Span;
  readonly left: Operand;
  readonly right: Operand;
}

type Typed<T extends Operand["type"]> = Extract<Operand, { type: T }>;

/** @returns the comparison as an expression; reports operands that cannot be compared so */
export function compare(scope: Scope, comparison: Comparison): Expr {
  const { left, right } = comparison;
  for (const side of [left, right])
    if (side.type === "list") scope.fail("type", side.span, "a list cannot be compared: use `in` or `not in`");
  if (left.type === "string" && right.type === "text") return stringText(scope, comparison, left, right);
  if (left.type === "text" && right.type === "string") return stringText(scope, comparison, right, left);
  if (left.type === "string" && right.type === "string") return stringString(scope, comparison, left, right);
  if (left.type === "text" && right.type === "text") return textText(scope, comparison, left, right);
  if (isAge(left, right))
    return compareAge(intOp(scope, comparison), left as Typed<"int" | "ints">, right as Typed<"int" | "ints">);
  if (left.type === "int" && right.type === "int") {
    const op = intOp(scope, comparison);
    if (left.expr.kind === "int" && right.expr.kind === "int")
      return { kind: "const", value: compareInts(op, left.expr.value, right.expr.value) };
    // The field goes to the left, so that later stages meet one form.
    return left.expr.kind === "int" && right.expr.kind !== "int"
      ? { kind: "compare", op: MIRRORED[op], left: right.expr, right: left.expr }
      : { kind: "compare", op, left: left.expr, right: right.expr };
  }
  if (left.type === "ints") return anyInt(scope, comparison, left, right);
  if (right.type === "ints") return anyInt(scope, { ...comparison, op: mirrored(comparison.op) }, right, left);
  if (left.type === "bool" && right.type === "bool") return boolBool(scope, comparison, left, right);
  return compareAddresses(scope, comparison) ?? mismatch(scope, comparison);
}

function mismatch(scope: Scope, { left, right, op, opSpan }: Comparison): never {
  scope.fail("type", opSpan, `\`${op}\` cannot compare ${describeOperand(left)} with ${describeOperand(right)}`);
}

const mirrored = (op: ComparisonOp): ComparisonOp => (op === "=~" || op === "!~" ? op : MIRRORED[op]);

function intOp(scope: Scope, { op, opSpan }: Comparison): CompareOp {
  if (op === "=~" || op === "!~") scope.fail("type", opSpan, `\`${op}\` matches strings, not integers`);
  return op;
}

/** @returns whether the operator asks for equality or a match, and its negation; others are no string operators */
function stringOp(scope: Scope, { op, opSpan }: Comparison): { like: boolean; negated: boolean } {
  if (op === "==" || op === "!=") return { like: false, negated: op === "!=" };
  if (op === "=~" || op === "!~") return { like: true, negated: op === "!~" };
  return scope.fail(
    "type",
    opSpan,
    `\`${op}\` compares integers; strings are compared with \`==\`, \`!=\`, \`=~\`, \`!~\` and \`in\``,
  );
}

function stringText(scope: Scope, comparison: Comparison, field: Typed<"string">, text: TextOperand): Expr {
  const { like, negated } = stringOp(scope, comparison);
  return { kind: "string", field: field.field, tests: [textTest(scope, field.field, text, like)], negated };
}

function stringString(scope: Scope, comparison: Comparison, left: Typed<"string">, right: Typed<"string">): Expr {
  const { like, negated } = stringOp(scope, comparison);
  if (like)
    scope.fail("type", comparison.opSpan, `\`${comparison.op}\` needs a pattern, received ${describeOperand(right)}`);
  return { kind: "sameString", left: left.field, right: right.field, negated };
}

function textText(scope: Scope, comparison: Comparison, left: TextOperand, right: TextOperand): Expr {
  const { like, negated } = stringOp(scope, comparison);
  const [text, other] = like || isPlain(left) ? [left, right] : [right, left];
  return { kind: "const", value: constantFits(scope, text, [other], like) !== negated };
}

/** Integer arrays: any value; `!=` means that none is equal. */
function anyInt(scope: Scope, comparison: Comparison, array: Typed<"ints">, other: Operand): Expr {
  const op = intOp(scope, comparison);
  const negated = op === "!=";
  const positive = negated ? "==" : op;
  if (other.type === "ints")
    return { kind: "anyIntPair", left: array.field, op: positive, right: other.field, negated };
  if (other.type !== "int") return mismatch(scope, comparison);
  return { kind: "anyInt", field: array.field, op: positive, value: other.expr, negated };
}

function boolBool(scope: Scope, comparison: Comparison, left: Typed<"bool">, right: Typed<"bool">): Expr {
  const { op, opSpan } = comparison;
  if (op !== "==" && op !== "!=") scope.fail("type", opSpan, `\`${op}\` cannot compare booleans`);
  const equal = sameTruth(scope, opSpan, left, right);
  return op === "==" ? equal : not(equal);
}

/** Of arrays any value; `!=` means that none is equal. */
function sameTruth(scope: Scope, opSpan: Span, left: Typed<"bool">, right: Typed<"bool">): Expr {
  if (right.expr.kind === "const") return right.expr.value ? left.expr : isFalse(left);
  if (left.expr.kind === "const") return left.expr.value ? right.expr : isFalse(right);
  // Both sides stand there twice, so what is compared with what is compared … is counted as it grows.
  scope.count(size(left.expr) + size(right.expr), opSpan);
  const both: Expr = { kind: "and", terms: [left.expr, right.expr] };
  const neither: Expr = { kind: "and", terms: [isFalse(left), isFalse(right)] };
  return { kind: "or", terms: [both, neither] };
}

/** A condition that is false, an array with a value that is. */
const isFalse = ({ expr, array }: Typed<"bool">): Expr =>
  array === undefined ? not(expr) : { kind: "bool", field: array, value: false, negated: false };

const not = (term: Expr): Expr => (term.kind === "not" ? term.term : { kind: "not", term });

/** Parts of an expression. */
function size(root: Expr): number {
  let parts = 0;
  const open: Expr[] = [root];
  for (let expr = open.pop(); expr !== undefined; expr = open.pop()) {
    parts++;
    if (expr.kind === "not") open.push(expr.term);
    if (expr.kind === "and" || expr.kind === "or") for (const term of expr.terms) open.push(term);
  }
  return parts;
}
