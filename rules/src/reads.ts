/** What rules read: the fields of their expressions and actions, variables among them. */
import { type Field, variableKey } from "@weir/matcher-wasm/format";
import { intFields, leafFields, partFields } from "./evaluate.ts";
import type { CheckedRule, Expr, Leaf, Nnf, SetValue } from "./ir.ts";

/** @returns the leaves of the expression, the last one first. Iterates, so that no depth can harm it. */
export function* leavesOf(expr: Expr): Generator<Leaf> {
  const open: Expr[] = [expr];
  for (let term = open.pop(); term !== undefined; term = open.pop()) {
    switch (term.kind) {
      case "const":
        break;
      case "and":
      case "or":
        for (const inner of term.terms) open.push(inner);
        break;
      case "not":
        open.push(term.term);
        break;
      default:
        yield term;
    }
  }
}

/** @returns every field that the expression reads, again for each time */
export function* fieldsOf(expr: Nnf): Generator<Field> {
  for (const leaf of leavesOf(expr)) yield* leafFields(leaf);
}

/** @returns the fields that the actions of a rule read */
export function programFields({ actions = [] }: CheckedRule): readonly Field[] {
  return actions.flatMap(({ filter, set }) => [
    ...(filter === undefined ? [] : fieldsOf(filter)),
    ...(set === undefined ? [] : valueFields(set.value)),
  ]);
}

/** @returns the fields that what a variable is set to is made of */
export function valueFields(value: SetValue): readonly Field[] {
  switch (value.kind) {
    case "constant":
      return [];
    case "int":
      return intFields(value.expr);
    case "bool":
      return [...fieldsOf(value.expr)];
    case "field":
      return [value.field];
    case "template":
      return partFields(value.parts);
  }
}

/** @returns those of the names that a rule, its actions included, reads as variables */
export function variablesRead<T>(rule: CheckedRule, byName: ReadonlyMap<string, T>): readonly T[] {
  const keys = new Set([...fieldsOf(rule.expr), ...programFields(rule)].map(({ name }) => name));
  return [...byName].flatMap(([name, value]) => (keys.has(variableKey(name)) ? [value] : []));
}
