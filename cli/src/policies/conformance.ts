/** Conformance failures for reading. */
import type { ConformanceFailure } from "@weir/rules";
import ansis from "ansis";
import { printable } from "../terminal/detection.ts";

const said = (judgement: boolean | "error" | undefined): string => String(judgement);

/** @returns lines without a final newline: where, what was expected and said, the expression, and why */
export function conformanceFailureText(file: string, failure: ConformanceFailure): string {
  const { line, name, expression, expected, evaluator, matcher, detail } = failure;
  const where = `${ansis.red("✗")} ${file}:${line}${name === undefined ? "" : ` ${printable(name)}`}`;
  const verdict =
    expected === undefined
      ? "not a case"
      : `expected ${said(expected)}; evaluator ${said(evaluator)}, matcher ${said(matcher)}`;
  const lines = [`${where}: ${verdict}`];
  if (expression !== undefined) lines.push(`    ${printable(expression)}`);
  if (detail !== undefined) lines.push(...detail.split("\n").map((text) => `    ${printable(text)}`));
  return lines.join("\n");
}
