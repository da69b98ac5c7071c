/** Conditions back in the words of the rule language, for messages about what the compiler derived. */
import { leafKeys } from "./access/keys.ts";
import type { AccessPredicate, IntExpr, Leaf, Nnf, StringTest } from "./ir.ts";

const TEXT_MAX = 120;

function testText(test: StringTest): string {
  return test.kind === "equals" ? JSON.stringify(test.value) : `~${JSON.stringify(test.pattern)}`;
}

function intText(expr: IntExpr): string {
  switch (expr.kind) {
    case "int":
      return expr.value.toString();
    case "intField":
      return expr.field.name;
    case "unary":
      return `${expr.op}(${intText(expr.operand)})`;
    case "binary":
      return `(${intText(expr.left)} ${expr.op} ${intText(expr.right)})`;
  }
}

/** @returns the leaf as SECL, shortened when it is long */
export function leafText(leaf: Leaf): string {
  const text = fullText(leaf);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}

function fullText(leaf: Leaf): string {
  switch (leaf.kind) {
    case "string": {
      const [first] = leaf.tests;
      if (leaf.tests.length === 1 && first !== undefined)
        return `${leaf.field.name} ${leaf.negated ? "!=" : "=="} ${testText(first)}`;
      return `${leaf.field.name} ${leaf.negated ? "not in" : "in"} [${leaf.tests.map(testText).join(", ")}]`;
    }
    case "sameString":
      return `${leaf.left.name} ${leaf.negated ? "!=" : "=="} ${leaf.right.name}`;
    case "compare":
      return `${intText(leaf.left).replace(/^\((.*)\)$/, "$1")} ${leaf.op} ${intText(leaf.right)}`;
    case "member":
      return `${leaf.field.name} ${leaf.negated ? "not in" : "in"} [${leaf.values.join(", ")}]`;
    case "anyInt":
      return `${leaf.negated ? "not " : ""}${leaf.field.name} ${leaf.op} ${leaf.value}`;
    case "bool":
      return `${leaf.negated ? "not " : ""}${leaf.field.name}`;
  }
}

/**
 * @returns the conditions because of which a rule has no approver: one of them must get a usable path for
 * the rule to have one; empty when it has one
 */
export function approverPreventers(expr: Nnf): readonly Leaf[] {
  switch (expr.kind) {
    case "const":
      return [];
    case "or":
      return expr.terms.flatMap(approverPreventers);
    case "and": {
      const terms = expr.terms.map(approverPreventers);
      return terms.reduce((fewest, term) => (term.length < fewest.length ? term : fewest));
    }
    default:
      return leafKeys(expr) === null ? [expr] : [];
  }
}

/** @returns an access predicate in a few words, such as `basename passwd, flags & 0x43` */
export function predicateText({ key, flagsAny }: AccessPredicate): string {
  const place =
    key === null ? "any path" : `${key.slot === "destination" ? "destination " : ""}${key.kind} ${key.value}`;
  return flagsAny === null ? place : `${place}, flags & 0x${flagsAny.toString(16)}`;
}
