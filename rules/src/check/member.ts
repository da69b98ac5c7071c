/** `in` and `not in` on typed operands. */
import type { Expr } from "../ir.ts";
import type { MembershipOp } from "../syntax/ast.ts";
import type { Span } from "../syntax/error.ts";
import { describeOperand, intConstant, type Operand, type TextOperand, textTest } from "./operand.ts";
import type { Scope } from "./scope.ts";

export interface Membership {
  readonly op: MembershipOp;
  readonly opSpan: Span;
  readonly left: Operand;
  readonly right: Operand;
}

/** @returns the test as an expression; on arrays `in` asks for any value, `not in` for none */
export function member(scope: Scope, membership: Membership): Expr {
  const { op, opSpan, left, right } = membership;
  if (op === "allin") scope.unsupported(opSpan, "`allin` is");
  const negated = op === "not in";
  if (right.type === "list") return inList(scope, membership, right.items, negated);
  if (right.type === "string") return inStrings(scope, membership, right.field, negated);
  if (right.type === "ints" || (right.type === "int" && right.expr.kind === "intField")) {
    const field = right.type === "ints" ? right.field : right.expr.kind === "intField" ? right.expr.field : undefined;
    const value = intConstant(left);
    if (value !== undefined && field !== undefined) return { kind: "member", field, values: [value], negated };
    if (left.type === "int" || left.type === "ints")
      scope.unsupported(opSpan, "looking up an integer field in another is");
    return mismatch(scope, membership);
  }
  return scope.fail(
    "type",
    right.span,
    `\`${op}\` needs a list, a list macro or an array field, received ${describeOperand(right)}`,
  );
}

function mismatch(scope: Scope, { op, opSpan, left, right }: Membership): never {
  const what =
    right.type === "list"
      ? `a list of ${describeOperand(right.items[0] as Operand).replace(/^an? /, "")}s`
      : describeOperand(right);
  scope.fail("type", opSpan, `\`${op}\` cannot look up ${describeOperand(left)} in ${what}`);
}

function inStrings(
  scope: Scope,
  membership: Membership,
  field: Extract<Operand, { type: "string" }>["field"],
  negated: boolean,
): Expr {
  const { left } = membership;
  if (left.type === "string") return { kind: "sameString", left: left.field, right: field, negated };
  if (left.type !== "text") return mismatch(scope, membership);
  return { kind: "string", field, tests: [textTest(scope, field, left, false)], negated };
}

function inList(scope: Scope, membership: Membership, items: readonly Operand[], negated: boolean): Expr {
  const { left } = membership;
  if (left.type === "string" && items.every((item): item is TextOperand => item.type === "text")) {
    const tests = items.map((item) => textTest(scope, left.field, item, false));
    return { kind: "string", field: left.field, tests, negated };
  }
  const values = items.map(intConstant);
  if (!values.every((value) => value !== undefined)) return mismatch(scope, membership);
  const distinct = [...new Set(values)];
  if (left.type === "ints") return { kind: "member", field: left.field, values: distinct, negated };
  if (left.type !== "int") return mismatch(scope, membership);
  const expr = left.expr;
  if (expr.kind === "intField") return { kind: "member", field: expr.field, values: distinct, negated };
  const terms = distinct.map(
    (value): Expr => ({ kind: "compare", op: "==", left: expr, right: { kind: "int", value } }),
  );
  const any: Expr = { kind: "or", terms };
  return negated ? { kind: "not", term: any } : any;
}
