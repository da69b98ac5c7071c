/** Notes: what is right as it stands and still surprises now and then. Nothing here needs a change. */
import type { LoadedRule } from "../analyse.ts";
import type { TextUse } from "../check/index.ts";
import type { StringTest } from "../ir.ts";
import type { Report } from "./finding.ts";
import { homeOf, type Located } from "./located.ts";
import { TestSet } from "./texts.ts";

/** Event types that are about directories as well as about files. */
const OF_DIRECTORIES: readonly string[] = [
  "rename",
  "rmdir",
  "mkdir",
  "chmod",
  "chown",
  "utimes",
  "setxattr",
  "removexattr",
  "mount",
  "umount",
  "chdir",
];

export function lintNotes(rule: LoadedRule, located: Located, report: Report): void {
  noteDirectory(rule, located, report);
  noteNegations(located, report);
  noteReading(rule, located, report);
}

/** `/dir/**` is what lies below `/dir`, not `/dir`; once for each rule. */
function noteDirectory({ checked, written }: LoadedRule, located: Located, report: Report): void {
  if (!OF_DIRECTORIES.includes(checked.event)) return;
  for (const { nnf } of singles(located)) {
    if (nnf.kind !== "string" || nnf.negated || nnf.field.source.from !== "path") continue;
    const all = new TestSet(nnf.tests);
    const missing = nnf.tests.find((test) => isMissing(directoryOf(test), all));
    const use = missing && written.texts.get(missing);
    if (missing === undefined || use === undefined) continue;
    reportDirectory(use, directoryOf(missing) as string, report);
    return;
  }
}

const isMissing = (directory: string | undefined, all: TestSet): boolean =>
  directory !== undefined && !all.covers({ kind: "equals", value: directory });

/** @returns the directory below which everything is meant */
function directoryOf(test: StringTest): string | undefined {
  const [, directory] = (test.kind === "glob" && /^((?:\/[^/*]+)+)\/\*\*$/.exec(test.pattern)) || [];
  return directory;
}

function reportDirectory({ text }: TextUse, directory: string, report: Report): void {
  report({
    severity: "note",
    code: "directory-itself",
    at: text,
    message: `\`${text.value}\` is what lies below ${directory}, not the directory itself`,
    hint: `where it is meant too, write \`in ["${directory}", ~"${text.value}"]\``,
  });
}

function* singles(part: Located): Iterable<Located> {
  const open = [part];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === "single") yield next;
    for (let i = next.terms.length - 1; i >= 0; i--) open.push(next.terms[i] as Located);
  }
}

/** `not a && b` is `(not a) && b`. */
function noteNegations(part: Located, report: Report): void {
  for (const [i, term] of part.terms.entries()) {
    const { excerpt, span } = term.at;
    const isFollowed = i < part.terms.length - 1 && excerpt === homeOf(part);
    if (isFollowed && term.kind === "single" && /^not\s+[^(\s]/.test(excerpt.text.slice(span.start, span.end)))
      report({
        severity: "note",
        code: "not-binds",
        at: term.at,
        message: "`not` is for this condition alone, not for what follows",
        hint: "write `not (…)` to negate more, or parentheses around this to say so",
      });
    noteNegations(term, report);
  }
}

/** Opening for reading is by far the most frequent thing that happens to files. */
function noteReading({ checked, access, written }: LoadedRule, located: Located, report: Report): void {
  if (checked.event !== "open" || !access.some(({ flagsAny }) => flagsAny === null)) return;
  if ([...singles(located)].some(({ nnf }) => nnf.kind === "bool" || nnf.kind === "compare")) return;
  report({
    severity: "note",
    code: "any-open",
    at: written.written.get(written.expr) ?? located.at,
    message: "it matches opening for reading as well",
    hint: "for changes alone add `open.flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) > 0`",
  });
}
