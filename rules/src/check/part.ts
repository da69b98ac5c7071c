/** Expressions that are no rules: filters of the host, filters of actions, and what variables are set to. */
import { evaluate, leafFields } from "../evaluate.ts";
import type { Expr, IntExpr, Leaf, Nnf } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import type { Excerpt } from "../source.ts";
import type { Node } from "../syntax/ast.ts";
import type { CheckOptions } from "./check.ts";
import { condition, operand } from "./expression.ts";
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
  return toNnf(expr);
}

/** What an expression gives, for a variable. */
export type SetExpression =
  | { readonly kind: "int"; readonly expr: IntExpr }
  | { readonly kind: "bool"; readonly expr: Nnf }
  | { readonly kind: "text"; readonly value: string };

/**
 * The expression of a `set` action.
 * @throws CheckError
 */
export function checkSetExpression(
  node: Node,
  excerpt: Excerpt,
  { event, macros, ...options }: PartOptions,
): SetExpression {
  const scope = new Scope({ macros, variables: new Map(), ...options }, excerpt);
  const result = operand(scope, node);
  requireEvent(scope, event, node);
  if (result.type === "int") return { kind: "int", expr: result.expr };
  if (result.type === "bool") return { kind: "bool", expr: toNnf(result.expr) };
  if (result.type === "text" && !result.pattern && result.parts === undefined)
    return { kind: "text", value: result.value };
  return scope.fail(
    "type",
    node.span,
    "a variable is set to an integer, a condition or a text here",
    "for the value of a string field write `field:` in place of `expression:`",
  );
}

function requireEvent(scope: Scope, event: string | undefined, node: Node): void {
  const other = scope.eventField?.event;
  if (event !== undefined && other !== undefined && other !== event)
    scope.fail("event-type", node.span, `the rule judges ${event} events, this reads a field of ${other}`);
}
