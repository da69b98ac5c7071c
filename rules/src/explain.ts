/** Conditions back in the words of the rule language, for messages about what the compiler derived. */
import type { AccessPredicate, IntExpr, Leaf, Nnf, StringTest, TemplatePart } from "./ir.ts";

const TEXT_MAX = 120;

/** @returns the test as SECL; the same for no two tests that mean different things */
export function testText(test: StringTest): string {
  switch (test.kind) {
    case "equals":
      return JSON.stringify(test.value);
    case "glob":
    case "pattern":
      return `~${JSON.stringify(test.pattern)}`;
    case "regex":
      return `r"${test.source}"`;
    case "template":
      return `"${test.parts.map(partText).join("")}"`;
  }
}

/** @returns what the test compares with; the same for no two tests of one kind that mean different things */
export function sourceOf(test: StringTest): string {
  switch (test.kind) {
    case "equals":
      return test.value;
    case "glob":
    case "pattern":
      return test.pattern;
    case "regex":
      return test.source;
    case "template":
      return testText(test);
  }
}

/** Names of variables are written with their `${…}`; text that looks like one is told apart by its escapes. */
function partText(part: TemplatePart): string {
  return part.kind === "text" ? JSON.stringify(part.value).slice(1, -1).replaceAll("$", "\\u0024") : part.field.name;
}

/** @returns the integer as SECL, brackets around whatever is made of two */
export function intText(expr: IntExpr): string {
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

/** @returns the leaf as SECL, however long; the same for no two leaves that mean different things */
export function fullText(leaf: Leaf): string {
  const not = leaf.kind !== "compare" && leaf.negated ? "not " : "";
  switch (leaf.kind) {
    case "string": {
      const [first] = leaf.tests;
      if (leaf.tests.length === 1 && first !== undefined && !leaf.all)
        return `${leaf.field.name} ${leaf.negated ? "!=" : "=="} ${testText(first)}`;
      return inList(leaf, leaf.tests.map(testText));
    }
    case "sameString":
      return `${leaf.left.name} ${leaf.negated ? "!=" : "=="} ${leaf.right.name}`;
    case "compare":
      return `${intText(leaf.left).replace(/^\((.*)\)$/, "$1")} ${leaf.op} ${intText(leaf.right)}`;
    case "member":
      return inList(leaf, leaf.values.map(String));
    case "anyInt":
      return `${not}${leaf.field.name} ${leaf.op} ${intText(leaf.value)}`;
    case "anyIntPair":
      return `${not}${leaf.left.name} ${leaf.op} ${leaf.right.name}`;
    case "exists":
      return `${leaf.negated ? "no element: " : ""}${termText(leaf.term)}`;
    case "ip":
      return inList(
        leaf,
        leaf.networks.map((network) => network.text),
      );
    case "bool":
      return `${not}${leaf.field.name}${leaf.value ? "" : " == false"}`;
  }
}

function termText(term: Nnf): string {
  switch (term.kind) {
    case "const":
      return String(term.value);
    case "and":
    case "or":
      return `(${term.terms.map(termText).join(term.kind === "and" ? " && " : " || ")})`;
    default:
      return fullText(term);
  }
}

function inList(leaf: Extract<Leaf, { kind: "string" | "member" | "ip" }>, items: readonly string[]): string {
  const list = `[${items.join(", ")}]`;
  if (leaf.all) return `${leaf.negated ? "not " : ""}${leaf.field.name} allin ${list}`;
  return `${leaf.field.name} ${leaf.negated ? "not in" : "in"} ${list}`;
}

/** @returns an access predicate in a few words, such as `basename passwd, flags & 0x43` */
export function predicateText({ key, flagsAny }: AccessPredicate): string {
  const place =
    key === null ? "any path" : `${key.slot === "destination" ? "destination " : ""}${key.kind} ${key.value}`;
  return flagsAny === null ? place : `${place}, flags & 0x${flagsAny.toString(16)}`;
}
