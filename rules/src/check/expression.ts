/** Syntax tree to typed operands: names resolved, macros expanded, constants folded. */
import { EVENT_TYPES, FIELDS, type Field, findField, HOST_FIELDS } from "@weir/matcher-wasm/format";
import { parseNetwork } from "../address.ts";
import { CONSTANTS, ERROR_NUMBERS } from "../constants.ts";
import { applyBinary, applyUnary } from "../integers.ts";
import type { Expr, IntExpr } from "../ir.ts";
import { registerName } from "../registers.ts";
import { suggestion } from "../suggest.ts";
import type { List, LogicalOp, Node, Root } from "../syntax/ast.ts";
import type { Span } from "../syntax/error.ts";
import { compare } from "./compare.ts";
import { foreignName } from "./foreign.ts";
import { member } from "./member.ts";
import { describeOperand, type Operand } from "./operand.ts";
import { regexOperand } from "./regex.ts";
import { EXPRESSION_DEPTH_MAX, type Scope } from "./scope.ts";
import { durationOperand, isDuration, unitOf } from "./time.ts";
import { findVariable, templateParts } from "./variables.ts";

type OfKind<K extends Root["kind"]> = Extract<Root, { kind: K }>;

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/** @returns whether the name is taken by the language, so that no macro may have it */
export function isReservedName(name: string): boolean {
  return CONSTANTS.has(name) || BOOLEANS.has(name) || findField(name) !== undefined;
}

export function operand(scope: Scope, node: Root): Operand {
  const result = scope.enter(node.span, () => visit(scope, node));
  if (result.type === "bool") scope.written.set(result.expr, { excerpt: scope.excerpt, span: node.span });
  return result;
}

function visit(scope: Scope, node: Root): Operand {
  const { span } = node;
  switch (node.kind) {
    case "ident":
      return ident(scope, node);
    case "int":
      return { type: "int", expr: { kind: "int", value: node.value }, span };
    case "string":
      return text(scope, node.value, { pattern: false, span });
    case "pattern":
      return text(scope, node.value, { pattern: true, span });
    case "regex":
      return regexOperand(scope, node);
    case "duration":
      return durationOperand(scope, node.value, node.unit, span);
    case "ip": {
      const network = parseNetwork(node.text);
      if (network === undefined) return scope.fail("type", span, `\`${node.text}\` is no address or network`);
      return { type: "ip", network, span };
    }
    case "variable":
      return fieldOperand(findVariable(scope, node.name, span), span);
    case "list":
      return list(scope, node);
    case "unary":
      return unary(scope, node);
    case "binary":
      return binary(scope, node);
    case "comparison": {
      const sides = { left: operand(scope, node.left), right: operand(scope, node.right) };
      return { type: "bool", expr: compare(scope, { op: node.op, opSpan: node.opSpan, ...sides }), span };
    }
    case "membership": {
      const sides = { left: operand(scope, node.left), right: operand(scope, node.right) };
      return { type: "bool", expr: member(scope, { op: node.op, opSpan: node.opSpan, ...sides }), span };
    }
    case "logical":
      return logical(scope, node);
  }
}

function text(scope: Scope, value: string, { pattern, span }: { pattern: boolean; span: Span }): Operand {
  const parts = templateParts(scope, value, span);
  const operand = { type: "text", value, pattern, span, excerpt: scope.excerpt } as const;
  return parts === undefined ? operand : { ...operand, parts };
}

/** The operand as a condition; integers and strings are none by themselves. */
export function condition(scope: Scope, node: Root): Expr {
  const result = operand(scope, node);
  if (result.type === "bool") return result.expr;
  const hint =
    result.type === "int" ? "compare it: `… > 0`" : result.type === "string" ? 'compare it: `… == "…"`' : undefined;
  return scope.fail("type", node.span, `expected a condition, received ${describeOperand(result)}`, hint);
}

/** What stands behind `not`, which binds more tightly than any comparison. */
function negated(scope: Scope, node: Node): Expr {
  const result = operand(scope, node);
  if (result.type === "bool") return result.expr;
  const message = `\`not\` needs a condition, received ${describeOperand(result)}`;
  return scope.fail("type", node.span, message, "it binds more tightly than a comparison: write `not (…)`");
}

type IntOperand = Extract<Operand, { type: "int" }>;

function integer(scope: Scope, node: Node, op: string): IntOperand {
  const result = operand(scope, node);
  if (result.type === "int") return result;
  const hint = result.type === "bool" ? "comparison binds less tightly: check the parentheses" : undefined;
  return scope.fail("type", node.span, `\`${op}\` needs an integer, received ${describeOperand(result)}`, hint);
}

function unary(scope: Scope, { op, operand: inner, span }: OfKind<"unary">): Operand {
  if (op === "!") return { type: "bool", expr: { kind: "not", term: negated(scope, inner) }, span };
  const { expr, unit } = integer(scope, inner, op);
  if (op === "-" && inner.kind === "ident" && ERROR_NUMBERS.has(inner.name) && !scope.macros.has(inner.name))
    scope.warn(
      "negated-error",
      span,
      `\`${inner.name}\` is negative already: \`-${inner.name}\` is ${-(ERROR_NUMBERS.get(inner.name) as bigint)}`,
      `write \`${inner.name}\``,
    );
  const result: IntExpr =
    expr.kind === "int" ? { kind: "int", value: applyUnary(op, expr.value) } : { kind: "unary", op, operand: expr };
  return intOperand(result, op === "-" && unit === "duration" ? unit : undefined, span);
}

function binary(scope: Scope, { op, left, right, span }: OfKind<"binary">): Operand {
  const { expr: l, unit: leftUnit } = integer(scope, left, op);
  const { expr: r, unit: rightUnit } = integer(scope, right, op);
  const unit = unitOf(op, leftUnit, rightUnit);
  if (l.kind === "int" && r.kind === "int")
    return intOperand({ kind: "int", value: applyBinary(op, l.value, r.value) }, unit, span);
  if (op === "&" && [l, r].some((side) => side.kind === "int" && side.value === 0n))
    scope.warn(
      "zero-mask",
      span,
      "`& 0` is always 0",
      "O_RDONLY is 0: to test for it write `open.flags & O_ACCMODE == O_RDONLY`",
    );
  return intOperand({ kind: "binary", op, left: l, right: r }, unit, span);
}

function intOperand(expr: IntExpr, unit: IntOperand["unit"], span: Span): Operand {
  return unit === undefined ? { type: "int", expr, span } : { type: "int", expr, unit, span };
}

/** Groups the chain from the right: neighbours with the same operator become one junction. */
function logical(scope: Scope, { terms, ops, span }: OfKind<"logical">): Operand {
  if (ops.includes("&&") && ops.includes("||"))
    scope.warn(
      "mixed-logic",
      span,
      "`&&` and `||` are mixed without parentheses; they share one precedence and group to the right, so `a && b || c` means `a && (b || c)`",
      "write the parentheses",
    );
  const conditions = terms.map((term) => condition(scope, term));
  let run = [conditions.at(-1) as Expr];
  let runOp = ops.at(-1) as LogicalOp;
  let groups = 1;
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i] as LogicalOp;
    if (op !== runOp) {
      run = [junction(runOp, run.reverse())];
      runOp = op;
      if (++groups > EXPRESSION_DEPTH_MAX) scope.tooDeep(span);
    }
    run.push(conditions[i] as Expr);
  }
  return { type: "bool", expr: junction(runOp, run.reverse()), span };
}

const junction = (op: LogicalOp, terms: readonly Expr[]): Expr => ({ kind: op === "&&" ? "and" : "or", terms });

/** Constants only; macros that are lists are taken in with their items. */
function list(scope: Scope, { items, span }: List): Operand {
  const flat: Operand[] = [];
  for (const item of items) {
    const result = operand(scope, item);
    if (isDuration(result))
      scope.fail(
        "type",
        item.span,
        "a list holds no durations: an age is hardly ever one of them to the nanosecond",
        "compare with `<` or `>`",
      );
    if (result.type === "list") flat.push(...result.items.map((inner) => movedTo(scope, inner, item.span)));
    else if (isConstant(result)) flat.push(result);
    else scope.fail("type", item.span, `a list holds constants, received ${describeOperand(result)}`);
  }
  const first = flat[0];
  const odd = flat.find((item) => item.type !== first?.type);
  if (first !== undefined && odd !== undefined)
    scope.fail("type", odd.span, `the list mixes ${describeOperand(first)} and ${describeOperand(odd)}`);
  return { type: "list", items: flat, span };
}

const isConstant = (item: Operand): boolean =>
  item.type === "text" || item.type === "ip" || (item.type === "int" && item.expr.kind === "int");

/** A value of a macro, in the place where the macro is used. */
function movedTo(scope: Scope, item: Operand, span: Span): Operand {
  return item.type === "text" ? { ...item, span, excerpt: scope.excerpt } : { ...item, span };
}

function ident(scope: Scope, { name, span }: OfKind<"ident">): Operand {
  const macro = scope.macros.get(name);
  if (macro !== undefined) return { ...scope.expand(macro, span, () => operand(scope, macro.root)), span };
  const constant = CONSTANTS.get(name);
  if (constant !== undefined) return { type: "int", expr: { kind: "int", value: constant }, span };
  const truth = BOOLEANS.get(name);
  if (truth !== undefined) return { type: "bool", expr: { kind: "const", value: truth }, span };
  const field = scope.findField(name);
  if (field !== undefined) return fieldOperand(scope.useField(field, span), span);
  const register = scope.readsHost ? undefined : registerName(name);
  if (register === undefined) return unknown(scope, name, span);
  const of = scope.findField(register.plain);
  if (of === undefined) return unknown(scope, register.plain, span);
  return fieldOperand(scope.useElement(register, scope.useField(of, span), span), span);
}

function fieldOperand(field: Field, span: Span): Operand {
  if (field.type === "string") return { type: "string", field, span };
  if (field.type === "ip") return { type: "address", field, span };
  if (field.type === "bool") {
    const expr: Expr = { kind: "bool", field, value: true, negated: false };
    return { type: "bool", expr, ...(field.array ? { array: field } : {}), span };
  }
  if (field.array) return { type: "ints", field, span };
  const expr: IntExpr = { kind: "intField", field };
  return field.timestamp ? { type: "int", expr, unit: "timestamp", span } : { type: "int", expr, span };
}

function unknownOfHost(scope: Scope, name: string, span: Span): never {
  const names = HOST_FIELDS.map((field) => field.name);
  const hint = suggestion(name, [...names, ...BOOLEANS.keys()]) ?? `names: ${names.join(", ")}`;
  scope.fail("unknown-name", span, `\`${name}\` is no name of a filter: filters read the host, not events`, hint);
}

function unknown(scope: Scope, name: string, span: Span): never {
  if (scope.readsHost) unknownOfHost(scope, name, span);
  const foreign = foreignName(name);
  if (foreign !== undefined) scope.unsupported(span, foreign);
  const [event = "", ...rest] = name.split(".");
  const suffix = rest.join(".");
  if (EVENT_TYPES.some((type) => type.name === event)) {
    const owners = EVENT_TYPES.filter((type) => findField(`${type.name}.${suffix}`) !== undefined).map(
      (type) => type.name,
    );
    if (owners.length > 0)
      scope.fail(
        "unknown-name",
        span,
        `event type ${event} has no field \`${suffix}\`; it exists for ${owners.join(", ")}`,
      );
  }
  if (/^[A-Z][A-Z0-9_]*$/.test(name))
    scope.fail(
      "unknown-name",
      span,
      `unknown constant or macro \`${name}\``,
      suggestion(name, [...scope.macros.keys(), ...CONSTANTS.keys(), ...BOOLEANS.keys()]),
    );
  const names = [...FIELDS.map((field) => field.name), ...scope.macros.keys(), ...CONSTANTS.keys(), ...BOOLEANS.keys()];
  scope.fail(
    "unknown-name",
    span,
    `unknown ${name.includes(".") ? "field" : "name"} \`${name}\``,
    suggestion(name, names) ?? unknownHint(name),
  );
}

/** What may help where no name is near. */
function unknownHint(name: string): string {
  const [event = "", ...rest] = name.split(".");
  if (rest.length === 0)
    return /^(?:null|nil|none|undefined)$/i.test(name)
      ? 'an absent field has its type\'s zero value: compare with `""`, 0 or false'
      : `text is written in double quotes: "${name}"`;
  if (event === "process" || EVENT_TYPES.some((type) => type.name === event))
    return `the fields are listed by \`weir fields ${event}.\``;
  return `event types: ${EVENT_TYPES.map((type) => type.name).join(", ")}; \`fim.write.file\` is the file of any that changes one`;
}
