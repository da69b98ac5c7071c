/** `in`, `not in` and `allin` on typed operands. */
import type { Field } from "@weir/matcher-wasm/format";
import type { Expr } from "../ir.ts";
import type { MembershipOp } from "../syntax/ast.ts";
import type { Span } from "../syntax/error.ts";
import { memberAddresses } from "./addresses.ts";
import { compare } from "./compare.ts";
import { constantFits } from "./constant.ts";
import { describeOperand, intConstant, type Operand, type TextOperand, textTest } from "./operand.ts";
import type { Scope } from "./scope.ts";

export interface Membership {
  readonly op: MembershipOp;
  readonly opSpan: Span;
  readonly left: Operand;
  readonly right: Operand;
}

/** @returns the test as an expression; on arrays `in` asks for any value, `not in` for none, `allin` for all */
export function member(scope: Scope, membership: Membership): Expr {
  const { op, left, right } = membership;
  if (left.type === "address" || left.type === "ip")
    return memberAddresses(scope, membership) ?? mismatch(scope, membership);
  if (right.type === "list") return inList(scope, membership, right.items);
  if (op === "allin") return needsList(scope, membership);
  if (right.type === "string") return inStrings(scope, membership, right.field);
  if (right.type === "ints" || (right.type === "int" && right.expr.kind === "intField"))
    return inInts(scope, membership, right);
  return needsList(scope, membership);
}

function needsList(scope: Scope, { op, right }: Membership): never {
  if (op === "allin" && isField(right))
    scope.unsupported(
      right.span,
      `\`allin\` with ${describeOperand(right)} on its right side is`,
      "use a list or a macro",
    );
  const wanted = op === "allin" ? "a list or a list macro" : "a list, a list macro or an array field";
  return scope.fail("type", right.span, `\`${op}\` needs ${wanted}, received ${describeOperand(right)}`);
}

const isField = (right: Operand): boolean =>
  right.type === "string" ||
  right.type === "ints" ||
  right.type === "address" ||
  (right.type === "int" && right.expr.kind === "intField");

function mismatch(scope: Scope, { op, opSpan, left, right }: Membership): never {
  const what =
    right.type === "list"
      ? `a list of ${describeOperand(right.items[0] as Operand).replace(/^an? /, "")}s`
      : describeOperand(right);
  return scope.fail("type", opSpan, `\`${op}\` cannot look up ${describeOperand(left)} in ${what}`);
}

function inStrings(scope: Scope, membership: Membership, field: Field): Expr {
  const { left, op } = membership;
  const negated = op === "not in";
  if (left.type === "string") return { kind: "sameString", left: left.field, right: field, negated };
  if (left.type !== "text") return mismatch(scope, membership);
  return { kind: "string", field, tests: [textTest(scope, field, left, false)], negated };
}

/** In an integer field or the values of one: the same as `==`. */
function inInts(scope: Scope, membership: Membership, right: Extract<Operand, { type: "int" | "ints" }>): Expr {
  const { left, op, opSpan } = membership;
  if (left.type !== "int" && left.type !== "ints") return mismatch(scope, membership);
  return compare(scope, { op: op === "not in" ? "!=" : "==", opSpan, left, right });
}

function inList(scope: Scope, membership: Membership, items: readonly Operand[]): Expr {
  const { left, op } = membership;
  const rest = { negated: op === "not in", ...(op === "allin" ? { all: true as const } : {}) };
  if (left.type === "string" && items.every((item): item is TextOperand => item.type === "text")) {
    const odd = op === "allin" ? items.find((item) => item.parts !== undefined) : undefined;
    if (odd !== undefined) scope.unsupported(odd.span, "variables in a list behind `allin` are");
    const tests = items.map((item) => textTest(scope, left.field, item, false));
    return { kind: "string", field: left.field, tests, ...rest };
  }
  if (left.type === "text" && items.every((item): item is TextOperand => item.type === "text"))
    return { kind: "const", value: constantFits(scope, left, items, false) !== rest.negated };
  const values = items.map(intConstant);
  if (!values.every((value) => value !== undefined)) return mismatch(scope, membership);
  const distinct = [...new Set(values)];
  if (left.type === "ints") return { kind: "member", field: left.field, values: distinct, ...rest };
  if (left.type !== "int") return mismatch(scope, membership);
  const expr = left.expr;
  if (expr.kind === "int") return { kind: "const", value: distinct.includes(expr.value) !== rest.negated };
  if (expr.kind === "intField") return { kind: "member", field: expr.field, values: distinct, ...rest };
  const terms = distinct.map(
    (value): Expr => ({ kind: "compare", op: "==", left: expr, right: { kind: "int", value } }),
  );
  const any: Expr = { kind: "or", terms };
  return rest.negated ? { kind: "not", term: any } : any;
}
