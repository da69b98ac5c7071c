/** Results of tests of policies for reading. */
import type { CaseResult, Coverage, MissingRule, StepResult } from "@weir/rules";
import ansis from "ansis";
import { printable } from "../terminal/detection.ts";
import { mark, traceText } from "./trace.ts";

const listText = (ids: readonly string[]): string => (ids.length === 0 ? "(no rule)" : ids.join(", "));

/** @returns one line for a test that passed, the difference for one that failed; no final newline */
export function caseText(result: CaseResult): string {
  const { ok, file, line, column, name, steps } = result;
  const where = ansis.dim(`${file}:${line}:${column}`);
  const head = `${mark(ok)} ${where}${name === undefined ? "" : ` ${printable(name)}`}`;
  if (ok) return head;
  const failed = steps.flatMap((step, i) => (step.ok ? [] : stepLines(step, steps.length > 1 ? i + 1 : undefined)));
  return [head, ...failed].join("\n");
}

function stepLines(step: StepResult, number: number | undefined): string[] {
  const lines = number === undefined ? [] : [`  event ${number}, a ${step.event} on line ${step.line}:`];
  if (step.expected !== null) lines.push(`    expected  ${listText(step.expected)}`);
  lines.push(`    got       ${listText(step.got)}`);
  for (const missing of step.missing) lines.push(...missingLines(missing));
  for (const id of step.unexpected) lines.push(`    ${ansis.red(`+ ${id}`)}  unexpected`);
  if (step.unknownFields.length > 0)
    lines.push(`      ${step.unknownFields.join(", ")}: not known on hosts, so conditions over it count as true`);
  for (const id of step.disagreement)
    lines.push(`    ${ansis.magenta(`! ${id}`)}  matcher and evaluator disagree: this is a defect of Weir`);
  if (step.dropped)
    lines.push(`    ${ansis.magenta("!")} the kernel stage would drop this event: this is a defect of Weir`);
  if (step.discarded)
    lines.push(`    ${ansis.magenta("!")} the directory is proven silent all the same: this is a defect of Weir`);
  return lines;
}

function missingLines({ id, traces, reason }: MissingRule): string[] {
  const head = `    ${ansis.yellow(`- ${id}`)}  missing${reason === undefined ? "" : `: ${reason}`}`;
  return [head, ...traces.map((node) => traceText(node, 8))];
}

export const isCovered = ({ positive, negative }: Coverage): boolean => positive > 0 && negative > 0;

/** @returns a line for each rule without a positive or without a negative; empty when there is none */
export function coverageText(coverage: readonly Coverage[]): string {
  return coverage
    .filter((row) => !isCovered(row))
    .map(({ id, positive, negative }) => {
      const lacks = [
        ...(positive > 0 ? [] : ["an event that it is expected to match"]),
        ...(negative > 0 ? [] : ["an event of its type that it does not match"]),
      ];
      return `${mark(false)} rule ${id} lacks ${lacks.join(" and ")}\n`;
    })
    .join("");
}
