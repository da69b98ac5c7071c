/** Lints of single texts: patterns that are not what they look like, names that cannot be, paths beside the point. */
import type { Field } from "@weir/matcher-wasm/format";
import type { CheckedExpression, TextUse, Written } from "../check/index.ts";
import type { StringTest } from "../ir.ts";
import { globComponents, type PathGlob, parseGlob } from "../pattern.ts";
import { leavesOf } from "../reads.ts";
import { COMM_BYTES_MAX, impossibleText, isComm, isExtension } from "./constraint.ts";
import type { Report } from "./finding.ts";
import { findHabit } from "./habits.ts";
import { covers, disjointFlat, TestSet } from "./texts.ts";

/** Longest list of patterns of which all pairs are compared; plain texts are looked up. */
const PATTERNS_MAX = 500;

export function lintTexts({ texts, nnf }: CheckedExpression, report: Report): void {
  const plain = new Set([...texts.keys()].flatMap((test) => (test.kind === "equals" ? [test.value] : [])));
  for (const [test, use] of texts) lintText(test, use, { plain, report });
  for (const leaf of leavesOf(nnf)) if (leaf.kind === "string") lintList(leaf.tests, texts, report);
}

interface TextOptions {
  /** Every plain text of the rule. */
  readonly plain: ReadonlySet<string>;
  readonly report: Report;
}

function lintText(test: StringTest, use: TextUse, { plain, report }: TextOptions): void {
  const { field, text, like } = use;
  const impossible = impossibleText(field, test);
  if (impossible !== undefined) {
    const message = `\`${field.name}\` is never so: ${impossible}`;
    const hint = impossibleHint(field, test);
    if (!isReportedByChecker(field, test))
      report({ severity: "warning", code: "never-matches", at: text, message, hint });
    return;
  }
  if (!text.pattern && !like) return;
  if (test.kind !== "equals" && test.kind !== "glob" && test.kind !== "pattern") return;
  const habit = findHabit(text.value, { path: field.matching === "path", freeText: isFreeText(field) });
  // Beside `nc` itself, `nc.*` is what it says.
  const isMeant = text.value.endsWith(".*") && plain.has(text.value.slice(0, -2));
  if (habit !== undefined && !isMeant) {
    const at = within(use, habit.start, habit.end);
    report({ severity: "warning", code: "regex-habit", at, message: habit.message, hint: habit.hint });
    return;
  }
  if (test.kind === "glob") lintGlob(test.pattern, use, report);
}

/** Flaws of paths are, and plain text with a slash for a last component. */
const isReportedByChecker = ({ source }: Field, test: StringTest): boolean =>
  source.from === "path" || (source.from === "basename" && test.kind === "equals");

function impossibleHint(field: Field, test: StringTest): string | undefined {
  if (test.kind !== "equals") return undefined;
  if (isComm(field)) return commHint(field, test.value);
  if (isExtension(field) && !/[./]/.test(test.value)) return `write ${JSON.stringify(`.${test.value}`)}`;
  if (isExtension(field) && test.value.includes("."))
    return `compare \`${field.name.replace(/extension$/, "name")}\` with \`~${JSON.stringify(`*${test.value}`)}\``;
  return undefined;
}

/** The name that the kernel would keep. */
function commHint(field: Field, text: string): string {
  const cut = Buffer.from(text).subarray(0, COMM_BYTES_MAX).toString();
  const executable = field.name.replace(/comm$/, "file.name");
  return `compare with ${JSON.stringify(cut)}, or the whole name with \`${executable}\``;
}

/** Values in which punctuation is common. */
const isFreeText = ({ name, matching }: Field): boolean =>
  matching === "flat" && !/\.(?:name|comm|extension)$/.test(name);

/** Part of a text's value where it is written as it is, else the whole text. */
function within({ text }: TextUse, start: number, end: number): Written {
  const { excerpt, span, value } = text;
  const at = excerpt.text.indexOf(value, span.start);
  if (at < 0 || at + value.length > span.end) return text;
  return { excerpt, span: { start: at + start, end: at + end } };
}

function lintGlob(pattern: string, use: TextUse, report: Report): void {
  const inside = /(?:[^/*]\*{2,}|\*{2,}[^/*])/.exec(pattern);
  if (inside !== null) {
    const start = pattern.indexOf("**", inside.index);
    report({
      severity: "warning",
      code: "double-star",
      at: within(use, start, start + 2),
      message: "`**` inside a component is the same as `*`: it does not cross a `/`",
      hint: `write \`~"${globComponents(pattern).join("/")}"\`, or let \`**\` stand between two slashes`,
    });
    return;
  }
  const overlap = overlapOf(parseGlob(pattern));
  if (overlap === null) return;
  const shortest = shortestText(pattern, overlap);
  report({
    severity: "warning",
    code: "overlap",
    at: use.text,
    message: `what stands before and after \`**\` may be the same components: this matches ${JSON.stringify(shortest)} too`,
  });
}

/** @returns how many literal components the end may share with the start; null when none */
function overlapOf({ prefix, suffix }: PathGlob): number | null {
  if (suffix === null) return null;
  for (let shared = Math.min(prefix.length - 1, suffix.length - 1); shared > 0; shared--) {
    const end = prefix.slice(-shared);
    if (end.every((part, i) => part.parts.length === 1 && !disjointFlat(part, suffix[i] as typeof part))) return shared;
  }
  return null;
}

function shortestText(pattern: string, shared: number): string {
  const components = globComponents(pattern);
  const double = components.indexOf("**");
  return [...components.slice(0, double), ...components.slice(double + 1 + shared)].join("/");
}

/** Items of a list that another item includes. */
function lintList(tests: readonly StringTest[], texts: CheckedExpression["texts"], report: Report): void {
  const patterns = tests.filter((test) => test.kind !== "equals");
  const wide = new TestSet(patterns.slice(0, PATTERNS_MAX));
  const first = new Map<string, StringTest>();
  for (const test of tests) {
    const same = test.kind === "equals" ? first.get(test.value) : undefined;
    if (test.kind === "equals" && same === undefined) first.set(test.value, test);
    const wider = same ?? wide.tests.find((other) => other !== test && includesFirst(other, test, tests));
    const [use, reason] = [texts.get(test), wider && texts.get(wider)];
    if (wider === undefined || use === undefined || reason === undefined || samePlace(use.text, reason.text)) continue;
    const [item, other] = [quoted(use), quoted(reason)];
    report({
      severity: "warning",
      code: "redundant-item",
      at: use.text,
      message: item === other ? `${item} stands in the list twice` : `${item} adds nothing: ${other} includes it`,
      related: { at: reason.text, message: item === other ? "first here" : "the item that includes it" },
    });
  }
}

/** Of two that include one another the later one is too many. */
function includesFirst(wide: StringTest, narrow: StringTest, tests: readonly StringTest[]): boolean {
  return covers(wide, narrow) && (!covers(narrow, wide) || tests.indexOf(wide) < tests.indexOf(narrow));
}

const samePlace = (a: Written, b: Written): boolean => a.excerpt === b.excerpt && a.span.start === b.span.start;

const quoted = ({ text }: TextUse): string => `${text.pattern ? "~" : ""}${JSON.stringify(text.value)}`;
