/** What becomes of an event: for reading and as JSON. */
import type { JudgedEvent, PolicySet } from "@weir/rules";
import ansis from "ansis";
import { plural } from "../terminal/plural.ts";
import { mark, traceText } from "./trace.ts";

type Rule = PolicySet["rules"][number];

/** Rules of the event's type, the matching ones first. */
function rulesOf(set: PolicySet, judged: JudgedEvent, only: string | undefined): readonly Rule[] {
  const rules = set.rules.filter(
    ({ checked }) => checked.event === judged.event.type && (only === undefined || checked.id === only),
  );
  return [...rules].sort((a, b) => Number(judged.evaluator.includes(b)) - Number(judged.evaluator.includes(a)));
}

const REASONS: Readonly<Record<JudgedEvent["kernel"]["because"], string>> = {
  type: "no rule wants events of this type",
  flags: "no rule wants these flags",
  approvers: "no approver is in its path",
  process: "the life of processes is not filtered",
  unfiltered: "a rule has no approver: for its sake all such events pass",
  approver: "approved",
  "no-path": "the event has no path that the kernel could have",
};

function kernelText({ kernel }: JudgedEvent): string {
  if (kernel.because !== "approver") return REASONS[kernel.because];
  const { kind, slot, value, flagsAny } = kernel.approver;
  const flags = flagsAny === null ? "" : `, with one of the flags 0x${flagsAny.toString(16)}`;
  return `approved by ${slot === "destination" ? "destination " : ""}${kind} ${value}${flags}`;
}

const ids = (rules: readonly Rule[]): string[] => [...new Set(rules.map((rule) => rule.checked.id))];
const idsText = (rules: readonly Rule[]): string => (rules.length === 0 ? "no rule" : ids(rules).join(", "));

/** @param only id of the one rule to explain */
export function explanationText(set: PolicySet, judged: JudgedEvent, only: string | undefined): string {
  const { kernel, matcher, evaluator, event } = judged;
  const fate =
    kernel.because === "no-path" ? "not asked" : kernel.passes ? ansis.green("passes") : ansis.yellow("drops");
  const rules = rulesOf(set, judged, only);
  const sections = rules.map((rule) => {
    const node = judged.trace(rule);
    return `${mark(node.value)} ${ansis.bold(rule.checked.id)}\n${traceText(node, 4)}\n`;
  });
  const judging = new Set(ids(set.rules.filter((rule) => rule.checked.event === event.type)));
  const others = ids(set.rules).filter((id) => !judging.has(id)).length;
  const agree = ids(matcher).join() === ids(evaluator).join();
  const lines = [
    ...(others > 0 && only === undefined ? [ansis.dim(`${plural(others, "rule")} for other types of event`)] : []),
    ...(rules.length === 0 ? [`no rule${only === undefined ? "" : ` ${only}`} judges ${event.type} events`] : []),
    `kernel stage  ${fate}: ${kernelText(judged)}`,
    ...(judged.silent ? ["directory     proven silent: the kernel stage may drop all such events in it"] : []),
    `evaluator     ${idsText(evaluator)}`,
    `matcher       ${idsText(matcher)}${agree ? "" : ansis.red("  differs from the evaluator: this is a defect of Weir")}`,
  ];
  return `${sections.join("\n")}${sections.length > 0 ? "\n" : ""}${lines.join("\n")}\n`;
}

/** Values as JSON has them: integers beyond 2^53 as text, as the reader of events takes them. */
function plain(fields: JudgedEvent["event"]["fields"]): object {
  const single = (value: unknown): unknown =>
    typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value;
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(single) : single(value),
  ]);
  return Object.fromEntries(entries);
}

/** @param only id of the one rule to explain */
export function explanationJson(set: PolicySet, judged: JudgedEvent, only: string | undefined): object {
  return {
    event: { type: judged.event.type, ...plain(judged.event.fields) },
    rules: rulesOf(set, judged, only).map((rule) => {
      const node = judged.trace(rule);
      return { id: rule.checked.id, event: rule.checked.event, matches: node.value, trace: node };
    }),
    kernel: judged.kernel,
    silentDirectory: judged.silent,
    evaluator: ids(judged.evaluator),
    matcher: ids(judged.matcher),
  };
}
