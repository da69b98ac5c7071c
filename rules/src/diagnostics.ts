/** What the compiler has to say about a policy, as data, as text with a caret line, and as JSON. */
import type { Place, SourceFile } from "./source.ts";

/** Notes are for those who ask: true, and mostly meant as it is. */
export type Severity = "error" | "warning" | "note";

/** A second place that a problem is about. */
export interface RelatedPlace {
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly excerpt?: string;
}

export interface Diagnostic {
  readonly severity: Severity;
  /** Short stable name of the kind of problem, for filters and tests. */
  readonly code: string;
  readonly message: string;
  readonly file: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  /** From 1, in characters; 0 where the whole file is meant. */
  readonly column: number;
  /** Characters on that line to underline. */
  readonly length: number;
  readonly hint?: string;
  /** Id of the rule it is about, where there is one. */
  readonly rule?: string;
  /** Other rules of which the same is to be said at the same place, a macro's mostly. */
  readonly otherRules?: readonly string[];
  /** The line it points at. */
  readonly excerpt?: string;
  readonly related?: readonly RelatedPlace[];
}

export interface DiagnosticParts {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly rule?: string | undefined;
}

/** @returns a diagnostic that points at a place; its underline ends with the line */
export function diagnosticAt(place: Place, parts: DiagnosticParts): Diagnostic {
  const { line, column } = place.file.locate(place.offset);
  const excerpt = place.file.line(line) ?? "";
  const marked = place.file.text.slice(place.offset, place.offset + place.length).split("\n", 1)[0] ?? "";
  return {
    severity: parts.severity,
    code: parts.code,
    message: parts.message + place.note,
    file: place.file.name,
    line,
    column,
    length: Math.max(1, [...marked.trimEnd()].length),
    excerpt,
    ...(parts.hint === undefined ? {} : { hint: parts.hint }),
    ...(parts.rule === undefined ? {} : { rule: parts.rule }),
  };
}

/** @returns a diagnostic about a file as a whole */
export function diagnosticOf(file: string, parts: DiagnosticParts): Diagnostic {
  return {
    severity: parts.severity,
    code: parts.code,
    message: parts.message,
    file,
    line: 0,
    column: 0,
    length: 0,
    ...(parts.hint === undefined ? {} : { hint: parts.hint }),
    ...(parts.rule === undefined ? {} : { rule: parts.rule }),
  };
}

/** @returns a place covering a range of a file */
export function placeAt(file: SourceFile, offset: number, length = 1): Place {
  return { file, offset, length, note: "" };
}

/** Most problems reported of one file, and of a whole set; what is beyond is as good as certain to be noise. */
export const DIAGNOSTICS_MAX = 200;

/** Collects diagnostics up to the limit, worse ones in the place of others; what is left out is not even located. */
export class DiagnosticList {
  readonly items: Diagnostic[] = [];
  #omitted = 0;
  #errors = 0;

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** Number of errors, those left out included. */
  get errors(): number {
    return this.#errors;
  }

  /** @param build is called only while there is room */
  add(severity: Severity, build: () => Diagnostic): void {
    if (severity === "error") this.#errors++;
    if (this.items.length >= DIAGNOSTICS_MAX) {
      this.#omitted++;
      const rank = SEVERITIES.indexOf(severity);
      const lesser = this.items.findLastIndex((item) => SEVERITIES.indexOf(item.severity) > rank);
      if (lesser < 0) return;
      this.items.splice(lesser, 1);
    }
    this.items.push(build());
  }

  /** Takes over another list, its omissions included. */
  addAll(other: DiagnosticList): void {
    for (const item of other.items) this.add(item.severity, () => item);
    this.#omitted += other.#omitted;
    this.#errors += other.#errors - other.items.filter((item) => item.severity === "error").length;
  }

  /** @returns all in order of output, each once, with a remark at the end when some were left out */
  sorted(): Diagnostic[] {
    const sorted = withoutRepetitions(this.items.toSorted(compareDiagnostics));
    if (this.#omitted === 0) return sorted;
    const message = `${this.#omitted} more problems are not shown`;
    const file = sorted.at(-1)?.file ?? "";
    const worst = SEVERITIES.find((severity) => sorted.some((item) => item.severity === severity)) ?? "warning";
    return [...sorted, diagnosticOf(file, { severity: this.hasErrors ? "error" : worst, code: "too-many", message })];
  }
}

/** @returns both in order of output, each problem once */
export function mergeDiagnostics(a: readonly Diagnostic[], b: readonly Diagnostic[]): readonly Diagnostic[] {
  return withoutRepetitions([...a, ...b].sort(compareDiagnostics));
}

/** What is said of several rules at one place becomes one diagnostic. Equal ones stand together already. */
function withoutRepetitions(sorted: readonly Diagnostic[]): Diagnostic[] {
  const kept: Diagnostic[] = [];
  for (const item of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !sameProblem(last, item)) kept.push(item);
    else kept[kept.length - 1] = { ...last, ...othersOf(last, item) };
  }
  return kept;
}

function othersOf(first: Diagnostic, second: Diagnostic): Pick<Diagnostic, "otherRules"> {
  const more = second.rule === undefined ? [] : [second.rule, ...(second.otherRules ?? [])];
  const others = new Set([...(first.otherRules ?? []), ...more].filter((rule) => rule !== first.rule));
  return others.size === 0 ? {} : { otherRules: [...others] };
}

function sameProblem(a: Diagnostic, b: Diagnostic): boolean {
  return a.line > 0 && compareDiagnostics(a, b) === 0 && a.length === b.length;
}

/** Order of output: by file, line, column, then errors before warnings, then code and message. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** Order by UTF-16 units, the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];
const EXCERPT_MAX = 160;
const OTHER_RULES_SHOWN = 3;

const PAINT: Readonly<Record<Severity | "dim", string>> = {
  error: "\x1b[31m",
  warning: "\x1b[33m",
  note: "\x1b[36m",
  dim: "\x1b[2m",
};

/**
 * @param options.color paint it with ANSI escapes; off by default
 * @returns one or more lines without a final newline:
 *
 *     policy.yaml:7:17: error: unknown field `open.fil.path` [unknown-name]
 *         expression: open.fil.path == "/etc/passwd"
 *                     ^~~~~~~~~~~~~
 *         hint: did you mean `open.file.path`?
 */
export function renderDiagnostic(diagnostic: Diagnostic, options: { readonly color?: boolean } = {}): string {
  const paint = (text: string, kind: Severity | "dim") => (options.color ? `${PAINT[kind]}${text}\x1b[0m` : text);
  const where = placeText(diagnostic);
  const rule = rulesText(diagnostic);
  const lines = [
    `${where}: ${paint(diagnostic.severity, diagnostic.severity)}: ${rule}${visible(diagnostic.message)} ${paint(`[${diagnostic.code}]`, "dim")}`,
  ];
  const related = diagnostic.related ?? [];
  const beside = related.filter((place) => place.file === diagnostic.file && place.line === diagnostic.line);
  lines.push(...excerptLines(diagnostic, { paint: (text) => paint(text, diagnostic.severity), beside }));
  if (diagnostic.hint !== undefined) lines.push(`    hint: ${visible(diagnostic.hint)}`);
  for (const place of related.filter((one) => !beside.includes(one))) {
    lines.push(`    ${paint(`${placeText(place)}: ${visible(place.message)}`, "dim")}`);
    lines.push(...excerptLines(place, { paint: (text) => paint(text, "dim"), beside: [] }));
  }
  return lines.join("\n");
}

/**
 * @param options.color as for `renderDiagnostic`
 * @returns a place with its message and its line, without a final newline
 */
export function renderPlace(place: RelatedPlace, options: { readonly color?: boolean } = {}): string {
  const paint = (text: string) => (options.color ? `${PAINT.note}${text}\x1b[0m` : text);
  return [`${placeText(place)}: ${visible(place.message)}`, ...excerptLines(place, { paint, beside: [] })].join("\n");
}

type Marked = Pick<Diagnostic, "line" | "column" | "length" | "excerpt">;

/** The line and what is marked on it; `-` marks what stands beside. */
function excerptLines(
  place: Marked,
  { paint, beside }: { readonly paint: (text: string) => string; readonly beside: readonly Marked[] },
): string[] {
  if (place.excerpt === undefined || place.excerpt.trim() === "" || place.line === 0) return [];
  const { text, marks } = markedLine(place.excerpt, place, beside);
  return [`    ${text}`, `    ${paint(marks)}`];
}

const placeText = ({ file, line, column }: Pick<Diagnostic, "file" | "line" | "column">): string =>
  line === 0 ? file : `${file}:${line}:${column}`;

function rulesText({ rule, otherRules = [] }: Diagnostic): string {
  if (rule === undefined) return "";
  if (otherRules.length === 0) return `rule ${rule}: `;
  const shown = [rule, ...otherRules.slice(0, OTHER_RULES_SHOWN - 1)];
  const more = otherRules.length + 1 - shown.length;
  return `rules ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}: `;
}

/** The line, cut around the place when it is long, and the marks below it; tabs keep their width. */
function markedLine(line: string, place: Marked, beside: readonly Marked[]): { text: string; marks: string } {
  const all = [...line].map((c) => (c === "\t" ? c : visible(c)));
  const from = place.column > EXCERPT_MAX - 40 ? place.column - 40 : 0;
  const shown = all.slice(from, from + EXCERPT_MAX);
  const marks: string[] = [...shown, " "].map((c) => (c === "\t" ? "\t" : " "));
  for (const { column, length } of beside) fill(marks, column - 1 - from, length, "-");
  fill(marks, place.column - 1 - from, Math.max(1, place.length), "~");
  marks[Math.min(place.column - 1 - from, marks.length - 1)] = "^";
  const before = from > 0 ? "…" : "";
  const after = from + EXCERPT_MAX < all.length ? "…" : "";
  return { text: before + shown.join("") + after, marks: ((from > 0 ? " " : "") + marks.join("")).trimEnd() };
}

function fill(marks: string[], start: number, length: number, mark: string): void {
  for (let i = Math.max(0, start); i < Math.min(start + length, marks.length); i++) marks[i] = mark;
}

/** Control characters of hostile input must not reach a terminal. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** @returns one object in JSON, keys as in `Diagnostic` */
export function diagnosticJson(diagnostic: Diagnostic): string {
  return JSON.stringify(diagnostic);
}
