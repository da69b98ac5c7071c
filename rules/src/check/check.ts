/**
 * The checker: a parsed expression to the IR of one rule, or the reason why it cannot be used.
 *
 * A rule that passes reads fields of exactly one event type, every comparison has operands of fitting
 * types, and nothing in it is beyond what the evaluator and the code generator support.
 */
import type { Expr, Nnf, StringTest } from "../ir.ts";
import { toNnf } from "../nnf.ts";
import { bindRegister } from "../registers.ts";
import type { Excerpt } from "../source.ts";
import type { Node } from "../syntax/ast.ts";
import { condition } from "./expression.ts";
import {
  EXPRESSION_DEPTH_MAX,
  type MacroTable,
  type Names,
  Scope,
  type TextUse,
  type Warning,
  type Written,
} from "./scope.ts";
import type { VariableTable } from "./variables.ts";

export interface CheckOptions {
  /** Event type of an expression that reads no field of an event; without it such an expression is an error. */
  readonly defaultEvent?: string;
  /** What `${name}` may be; none by default. */
  readonly variables?: VariableTable;
  /** Variables that have no type, and why. */
  readonly untyped?: ReadonlyMap<string, string> | undefined;
  /** What `fim.write.file.` stands for. */
  readonly fimPrefix?: string;
}

export interface CheckedExpression {
  /** Name of the event type. */
  readonly event: string;
  /** As written, macros expanded. */
  readonly expr: Expr;
  readonly nnf: Nnf;
  /** Nodes that it came to while it was checked. */
  readonly parts: number;
  readonly warnings: readonly Warning[];
  /** Where the conditions in `expr` were written. */
  readonly written: ReadonlyMap<Expr, Written>;
  /** Where the tests of its strings come from. */
  readonly texts: ReadonlyMap<StringTest, TextUse>;
  /** Where each variable is read first, by name. */
  readonly variables: ReadonlyMap<string, Written>;
}

/**
 * @param node the parsed expression
 * @param excerpt where it was written
 * @throws CheckError with code `unsupported` for what is valid SECL but not supported yet, with other codes for mistakes
 */
export function checkExpression(
  node: Node,
  excerpt: Excerpt,
  macros: MacroTable,
  options: CheckOptions = {},
): CheckedExpression {
  const names: Names = { macros, variables: new Map(), ...options };
  const scope: Scope = new Scope(names, excerpt);
  const expr = condition(scope, node);
  const event = scope.eventField?.event ?? options.defaultEvent;
  if (event === undefined)
    scope.fail(
      "no-event",
      node.span,
      "the rule reads no field of an event, only of the process or none: nothing says which event type it judges",
      'add a condition such as `open.file.path =~ "/etc/**"`',
    );
  if (depth(expr) > EXPRESSION_DEPTH_MAX) scope.tooDeep(node.span);
  const nnf = bindRegister(toNnf(expr));
  if (nnf.kind === "const")
    scope.warn("constant", node.span, nnf.value ? `the rule matches every ${event} event` : "the rule can never match");
  const { warnings, written, texts, variablesRead: variables, nodes: parts } = scope;
  return { event, expr: scope.register === undefined ? expr : nnf, nnf, parts, warnings, written, texts, variables };
}

/** Depth of the logical part, found without recursion. */
function depth(root: Expr): number {
  let deepest = 0;
  const open: [Expr, number][] = [[root, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [expr, level] = next;
    deepest = Math.max(deepest, level);
    if (expr.kind === "not") open.push([expr.term, level + 1]);
    if (expr.kind === "and" || expr.kind === "or") for (const term of expr.terms) open.push([term, level + 1]);
  }
  return deepest;
}
