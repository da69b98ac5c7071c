/** Expressions that are no rules: filters of the host, filters of actions, and what variables are set to. */
import { evaluate, leafFields } from "../evaluate.ts";
import type { Expr, Leaf, Nnf, SetValue } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { bindRegister } from "../registers.ts";
import type { Excerpt } from "../source.ts";
import type { Node } from "../syntax/ast.ts";
import type { CheckOptions } from "./check.ts";
import { condition, operand } from "./expression.ts";
import { describeOperand } from "./operand.ts";
import { type MacroTable, Scope } from "./scope.ts";

/** What is the same on every host that Weir runs on. */
const HOST_CONSTANTS: Readonly<Record<string, string | boolean>> = {
  os: "linux",
  "os.is_linux": true,
  "os.is_windows": false,
  origin: "ebpf",
  "kernel.core.enabled": true,
};

/**
 * A condition on the host, what is the same everywhere already decided.
 * @returns a constant when every host gives the same answer
 * @throws CheckError
 */
export function checkHostFilter(node: Node, excerpt: Excerpt, macros: MacroTable = new Map()): Nnf {
  const scope = new Scope({ macros, variables: new Map(), fields: "host" }, excerpt);
  return toNnf(decide(condition(scope, node)));
}

function decide(expr: Expr): Expr {
  switch (expr.kind) {
    case "const":
      return expr;
    case "not":
      return { kind: "not", term: decide(expr.term) };
    case "and":
    case "or":
      return { kind: expr.kind, terms: expr.terms.map(decide) };
    default:
      return isDecided(expr) ? { kind: "const", value: evaluate(expr, HOST_CONSTANTS) } : expr;
  }
}

const isDecided = (leaf: Leaf): boolean => leafFields(leaf).every(({ name }) => Object.hasOwn(HOST_CONSTANTS, name));

export interface PartOptions extends CheckOptions {
  /** Event type of the rule, where it is known. */
  readonly event?: string;
  readonly macros: MacroTable;
}

/**
 * The filter of an action: a condition on an event of the rule's type.
 * @throws CheckError
 */
export function checkFilter(node: Node, excerpt: Excerpt, { event, macros, ...options }: PartOptions): Nnf {
  const scope = new Scope({ macros, variables: new Map(), ...options }, excerpt);
  const expr = condition(scope, node);
  requireEvent(scope, event, node);
  return bindRegister(toNnf(expr));
}

/** What an expression gives, for a variable: integers, conditions and texts one value, a field all that it has. */
export type SetExpression = Exclude<SetValue, { kind: "constant" }> | { readonly kind: "text"; readonly value: string };

/**
 * The expression of a `set` action. Here `${builtins.uuid4}` has a place, too.
 * @throws CheckError
 */
export function checkSetExpression(
  node: Node,
  excerpt: Excerpt,
  { event, macros, ...options }: PartOptions,
): SetExpression {
  const scope = new Scope({ macros, variables: new Map(), builtins: true, ...options }, excerpt);
  const result = operand(scope, node);
  requireEvent(scope, event, node);
  if (scope.register !== undefined && result.type !== "bool")
    scope.unsupported(node.span, "a register outside a condition is");
  switch (result.type) {
    case "int":
      return { kind: "int", expr: result.expr };
    case "bool":
      return { kind: "bool", expr: bindRegister(toNnf(result.expr)) };
    case "string":
    case "ints":
      return { kind: "field", field: result.field };
    case "address":
      return scope.unsupported(node.span, "variables of addresses are");
    case "text":
      if (result.pattern || result.regex) break;
      return result.parts === undefined
        ? { kind: "text", value: result.value }
        : { kind: "template", parts: result.parts };
  }
  return scope.fail(
    "type",
    node.span,
    `a variable is set to an integer, a condition, a text or a field, received ${describeOperand(result)}`,
  );
}

function requireEvent(scope: Scope, event: string | undefined, node: Node): void {
  const other = scope.eventField?.event;
  if (event !== undefined && other !== undefined && other !== event)
    scope.fail("event-type", node.span, `the rule judges ${event} events, this reads a field of ${other}`);
}
