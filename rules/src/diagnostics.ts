/** What the compiler has to say about a policy, as data, as text with a caret line, and as JSON. */
import type { Place, SourceFile } from "./source.ts";

export type Severity = "error" | "warning";

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
  /** The line it points at. */
  readonly excerpt?: string;
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

/** Collects diagnostics up to the limit; past it, nothing is even located. */
export class DiagnosticList {
  readonly items: Diagnostic[] = [];
  #omitted = 0;
  #errors = 0;

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** @param build is called only while there is room */
  add(severity: Severity, build: () => Diagnostic): void {
    if (severity === "error") this.#errors++;
    if (this.items.length < DIAGNOSTICS_MAX) this.items.push(build());
    else this.#omitted++;
  }

  /** Takes over another list, its omissions included. */
  addAll(other: DiagnosticList): void {
    for (const item of other.items) this.add(item.severity, () => item);
    this.#omitted += other.#omitted;
    this.#errors += other.#errors - other.items.filter((item) => item.severity === "error").length;
  }

  /** @returns all in order of output, with a note at the end when some were left out */
  sorted(): Diagnostic[] {
    const sorted = this.items.toSorted(compareDiagnostics);
    if (this.#omitted === 0) return sorted;
    const message = `${this.#omitted} more problems are not shown`;
    const file = sorted.at(-1)?.file ?? "";
    return [
      ...sorted,
      diagnosticOf(file, { severity: this.hasErrors ? "error" : "warning", code: "too-many", message }),
    ];
  }
}

/** Order of output: by file, line, column, then errors before warnings, then code and message. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.severity, b.severity) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** Order by UTF-16 units, the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const EXCERPT_MAX = 160;

const PAINT: Readonly<Record<Severity | "dim", string>> = { error: "\x1b[31m", warning: "\x1b[33m", dim: "\x1b[2m" };

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
  const where = diagnostic.line === 0 ? diagnostic.file : `${diagnostic.file}:${diagnostic.line}:${diagnostic.column}`;
  const rule = diagnostic.rule === undefined ? "" : `rule ${diagnostic.rule}: `;
  const lines = [
    `${where}: ${paint(diagnostic.severity, diagnostic.severity)}: ${rule}${visible(diagnostic.message)} ${paint(`[${diagnostic.code}]`, "dim")}`,
  ];
  if (diagnostic.excerpt !== undefined && diagnostic.line > 0) {
    const { text, caret } = caretLine(diagnostic.excerpt, diagnostic.column, diagnostic.length);
    lines.push(`    ${text}`, `    ${paint(caret, diagnostic.severity)}`);
  }
  if (diagnostic.hint !== undefined) lines.push(`    hint: ${visible(diagnostic.hint)}`);
  return lines.join("\n");
}

/** The line, cut around the column when it is long, and the marks below it; tabs keep their width. */
function caretLine(line: string, column: number, length: number): { text: string; caret: string } {
  const all = [...line].map((c) => (c === "\t" ? c : visible(c)));
  const from = column > EXCERPT_MAX - 40 ? column - 40 : 0;
  const shown = all.slice(from, from + EXCERPT_MAX);
  const before = shown.slice(0, column - 1 - from).map((c) => (c === "\t" ? "\t" : " "));
  const marks = Math.max(1, Math.min(length, shown.length - before.length));
  const text = (from > 0 ? "…" : "") + shown.join("") + (from + EXCERPT_MAX < all.length ? "…" : "");
  return { text, caret: `${from > 0 ? " " : ""}${before.join("")}^${"~".repeat(marks - 1)}` };
}

/** Control characters of hostile input must not reach a terminal. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** @returns one object in JSON, keys as in `Diagnostic` */
export function diagnosticJson(diagnostic: Diagnostic): string {
  return JSON.stringify(diagnostic);
}
