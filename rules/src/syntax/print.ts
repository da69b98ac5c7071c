/** Syntax tree to SECL text, such that parsing the text gives the same tree. */
import type { Node, Root } from "./ast.ts";

/** Binding strength, loose to tight; the parser's levels. */
const LOGICAL = 0;
const COMPARISON = 1;
const SUM = 2;
const BITS = 3;
const UNARY = 4;
const PRIMARY = 5;

function level(node: Node | Root): number {
  switch (node.kind) {
    case "logical":
      return LOGICAL;
    case "comparison":
    case "membership":
      return COMPARISON;
    case "binary":
      return node.op === "+" || node.op === "-" ? SUM : BITS;
    case "unary":
      return UNARY;
    default:
      return PRIMARY;
  }
}

export function print(node: Root): string {
  switch (node.kind) {
    case "ident":
      return node.name;
    case "int":
      return BigInt.asUintN(64, node.value).toString();
    case "string":
      return quote(node.value);
    case "pattern":
      return `~${quote(node.value)}`;
    case "regex":
      return `r"${node.source}"`;
    case "duration":
      return `${node.value}${node.unit}`;
    case "ip":
      return node.text;
    case "variable":
      return `\${${node.name}}`;
    case "list":
      return `[${node.items.map(print).join(", ")}]`;
    case "unary":
      return `${node.op === "!" ? "not " : node.op}${wrap(node.operand, UNARY)}`;
    case "binary": {
      const sum = level(node) === SUM;
      return `${wrap(node.left, sum ? SUM : UNARY)} ${node.op} ${wrap(node.right, BITS)}`;
    }
    case "comparison":
      return `${wrap(node.left, SUM)} ${node.op} ${wrap(node.right, COMPARISON)}`;
    case "membership":
      return `${wrap(node.left, SUM)} ${node.op} ${print(node.right)}`;
    case "logical":
      return node.terms.map((term, i) => (i === 0 ? "" : ` ${node.ops[i - 1]} `) + wrap(term, COMPARISON)).join("");
  }
}

/** In parentheses when it binds more loosely than its place needs. */
function wrap(node: Node, needed: number): string {
  return level(node) < needed ? `(${print(node)})` : print(node);
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quote(text: string): string {
  const escaped = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
    /["\\\u0000-\u001f\u007f]/g,
    (c) => ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}
