/** Why a rule matches an event or not, as an indented tree for reading. */
import type { TraceNode } from "@weir/rules";
import ansis from "ansis";

export const mark = (value: boolean): string => (value ? ansis.green("✓") : ansis.red("✗"));

const OPERATORS: Readonly<Record<string, string>> = { and: "all of", or: "any of", not: "not" };

/**
 * @param indent blanks in front of the first line
 * @returns a line for each part, without a final newline: what it says, whether it is true, what it read
 */
export function traceText(node: TraceNode, indent: number): string {
  const values = node.values.map(({ field, text: value }) =>
    node.values.length === 1 ? `is ${value}` : `${field} is ${value}`,
  );
  if (node.values.some(({ unknown }) => unknown)) values.push("so it does not decide");
  const parts = [labelOf(node), mark(node.value), ...(values.length === 0 ? [] : [ansis.dim(values.join(", "))])];
  const line = `${" ".repeat(indent)}${parts.join("  ")}`;
  return [line, ...node.terms.map((term) => traceText(term, indent + 2))].join("\n");
}

function labelOf({ kind, text, macro }: TraceNode): string {
  const label = kind === "condition" || kind === "constant" ? text : ansis.dim(OPERATORS[kind] ?? kind);
  return macro === undefined ? label : `${macro}: ${label}`;
}
