/**
 * Version constraints of `agent_version`, in the syntax of Go's Masterminds/semver: `>= 7.42`,
 * `< 7.50, >= 7.40` (comma or blank: and), `||`, `~1.2`, `^7`, `1.2 - 1.4`, `7.x`, `*`, partial versions.
 *
 * The version that is tested is a release: it has no pre-release part.
 */

/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/** A version as a constraint names it; missing parts, and those after one, are wild. */
interface Bound {
  readonly parts: readonly number[];
  readonly prerelease: boolean;
}

interface Term {
  readonly op: string;
  readonly bound: Bound;
}

/** Terms of one inner list all hold, of one list at least. */
export type Constraint = readonly (readonly Term[])[];

/** A constraint cannot be read: what is wrong, and where in its text. */
export class ConstraintError extends Error {
  override readonly name = "ConstraintError";
  readonly at: number;
  readonly length: number;
  constructor(message: string, at: number, length: number) {
    super(message);
    this.at = at;
    this.length = length;
  }
}

/** Most characters of a constraint. */
const LENGTH_MAX = 256;
/** Digits of one part of a version. */
const DIGITS_MAX = 9;

const NUMBER = String.raw`(?:\d+|[xX*])`;
const VERSION = String.raw`v?(${NUMBER}(?:\.${NUMBER}){0,2})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`;
const HYPHEN = new RegExp(String.raw`^(\s*)(${VERSION})\s+-\s+(${VERSION})\s*$`);
const TERM = new RegExp(String.raw`[\s,]*(=>|=<|>=|<=|!=|~>|[=<>~^])?\s*(${VERSION})(?=[\s,]|$)`, "y");
const OPS: Readonly<Record<string, string>> = { "=>": ">=", "=<": "<=", "~>": "~", "": "=" };

/** @throws ConstraintError */
export function parseConstraint(text: string): Constraint {
  if (text.length > LENGTH_MAX)
    throw new ConstraintError(`${text.length} characters: at most ${LENGTH_MAX} are allowed`, 0, 1);
  if (text.trim() === "") return [[]];
  let at = 0;
  return text.split("||").map((part) => {
    const start = at;
    at += part.length + 2;
    return parseTerms(part, start);
  });
}

function parseTerms(text: string, start: number): Term[] {
  const range = HYPHEN.exec(text);
  if (range !== null)
    return [
      { op: ">=", bound: boundOf(range[3] as string, range[4], start) },
      { op: "<=", bound: boundOf(range[6] as string, range[7], start) },
    ];
  const terms: Term[] = [];
  const end = text.replace(/[\s,]+$/, "").length;
  for (TERM.lastIndex = 0; TERM.lastIndex < end; ) {
    const from = TERM.lastIndex;
    const found = TERM.exec(text);
    if (found === null) {
      const wrong = /[^\s,]+/.exec(text.slice(from)) as RegExpExecArray;
      const message = `\`${wrong[0]}\` is no version constraint: expected one such as \`>= 7.42\`, \`< 7.50, >= 7.40\`, \`~7.42\` or \`^7\``;
      throw new ConstraintError(message, start + from + wrong.index, wrong[0].length);
    }
    const op = found[1] ?? "";
    terms.push({ op: OPS[op] ?? op, bound: boundOf(found[3] as string, found[4], start + from) });
  }
  if (terms.length === 0) throw new ConstraintError("expected a version constraint beside `||`", start, text.length);
  return terms;
}

function boundOf(numbers: string, prerelease: string | undefined, at: number): Bound {
  const parts: number[] = [];
  for (const part of numbers.split(".")) {
    if (!/^\d/.test(part)) break;
    if (part.length > DIGITS_MAX)
      throw new ConstraintError(`version part of ${part.length} digits: at most ${DIGITS_MAX} are allowed`, at, 1);
    parts.push(Number(part));
  }
  return { parts, prerelease: prerelease !== undefined };
}

/** @returns the release that a text such as `7.78.0-rc.1` names, or undefined when it names none */
export function parseVersion(text: string): Version | undefined {
  const found = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+].*)?$/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)];
}

/** Below, within or above what the bound names: the whole minor line for `7.42`. */
function compare(version: Version, { parts, prerelease }: Bound): number {
  for (const [i, part] of parts.entries()) {
    const difference = (version[i] as number) - part;
    if (difference !== 0) return Math.sign(difference);
  }
  return prerelease ? 1 : 0;
}

/** Whether the first `length` parts, or all those the bound has, are the same. */
const sharesParts = (version: Version, { parts }: Bound, length: number): boolean =>
  parts.slice(0, length).every((part, i) => version[i] === part);

function holds(version: Version, { op, bound }: Term): boolean {
  const order = compare(version, bound);
  switch (op) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "~":
      return order >= 0 && sharesParts(version, bound, 2);
    default: {
      // `^` fixes everything up to the first part that is not zero.
      const significant = bound.parts.findIndex((part) => part !== 0);
      return order >= 0 && sharesParts(version, bound, significant < 0 ? 3 : significant + 1);
    }
  }
}

export function satisfies(version: Version, constraint: Constraint): boolean {
  return constraint.some((terms) => terms.every((term) => holds(version, term)));
}
