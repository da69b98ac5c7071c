/** Lints of single texts: patterns that are not what they look like, names that cannot be, paths beside the point. */
import type { Field } from "@weir/matcher-wasm/format";
import type { CheckedExpression, TextUse, Written } from "../check/index.ts";
import { sourceOf } from "../explain.ts";
import type { StringTest } from "../ir.ts";
import { globComponents, type PathGlob, parseGlob } from "../pattern.ts";
import { leavesOf } from "../reads.ts";
import { COMM_BYTES_MAX, impossibleText, isComm, isExtension } from "./constraint.ts";
import { PAIRS_A_STEP } from "./facts.ts";
import type { Report } from "./finding.ts";
import { findHabit } from "./habits.ts";
import type { Prover } from "./prove.ts";
import { covers, disjointFlat, TestSet } from "./texts.ts";

/** Longest list of patterns of which all pairs are compared; plain texts are looked up. */
const PATTERNS_MAX = 500;

interface Options {
  readonly report: Report;
  /** Whose steps lists are looked at with. */
  readonly prover: Prover;
}

export function lintTexts({ texts, expr }: CheckedExpression, options: Options): void {
  const { report } = options;
  const plain = new Set([...texts.keys()].flatMap((test) => (test.kind === "equals" ? [test.value] : [])));
  for (const [test, use] of texts) lintText(test, use, { plain, report });
  for (const leaf of leavesOf(expr)) if (leaf.kind === "string") lintList(leaf.tests, texts, options);
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
  const overlap = globComponents(pattern).includes("**") ? overlapOf(parseGlob(pattern)) : null;
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

/** Items of a list that another item includes; what is not found with the steps that are left is not said. */
function lintList(tests: readonly StringTest[], texts: CheckedExpression["texts"], { report, prover }: Options): void {
  const known = new Map<StringTest["kind"], Map<string, StringTest>>();
  const distinct = tests.filter((test) => {
    const first = known.get(test.kind) ?? new Map<string, StringTest>();
    known.set(test.kind, first);
    const same = first.get(sourceOf(test));
    if (same === undefined) first.set(sourceOf(test), test);
    else reportItem(test, same, texts, report);
    return same === undefined;
  });
  const wide = new TestSet(distinct.filter((test) => test.kind !== "equals").slice(0, PATTERNS_MAX));
  if (wide.tests.length === 0) return;
  const steps = Math.ceil(wide.comparisons(new TestSet(distinct)) / PAIRS_A_STEP);
  if (!prover.afford(steps)) return;
  const places = new Map(distinct.map((test, i) => [test, i]));
  const place = (test: StringTest): number => places.get(test) as number;
  for (const test of distinct) {
    // Of two that include one another the later one is too many.
    const wider = wide.tests.find(
      (other) => other !== test && covers(other, test) && (!covers(test, other) || place(other) < place(test)),
    );
    if (wider !== undefined) reportItem(test, wider, texts, report);
  }
}

function reportItem(item: StringTest, wider: StringTest, texts: CheckedExpression["texts"], report: Report): void {
  const [use, reason] = [texts.get(item), texts.get(wider)];
  if (use === undefined || reason === undefined || samePlace(use.text, reason.text)) return;
  const [text, other] = [quoted(use), quoted(reason)];
  report({
    severity: "warning",
    code: "redundant-item",
    at: use.text,
    message: text === other ? `${text} stands in the list twice` : `${text} adds nothing: ${other} includes it`,
    related: { at: reason.text, message: text === other ? "first here" : "the item that includes it" },
  });
}

const samePlace = (a: Written, b: Written): boolean => a.excerpt === b.excerpt && a.span.start === b.span.start;

const quoted = ({ text }: TextUse): string => `${text.pattern ? "~" : ""}${JSON.stringify(text.value)}`;
