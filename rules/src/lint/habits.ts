/**
 * Habits of other pattern languages: what in a pattern looks as if it were a regular expression or a shell's glob, and
 * what was probably meant. Only `*` is special in patterns here, so all of it stands for itself.
 */

export interface Habit {
  /** Where in the pattern, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint: string;
}

interface Sign {
  readonly find: RegExp;
  readonly message: (sign: string) => string;
  /** Whether the field's values hold such characters anyway. */
  readonly except?: (pattern: string, options: HabitOptions) => boolean;
}

export interface HabitOptions {
  /** Components are matched one by one, and regular expressions are not to be had. */
  readonly path: boolean;
  /** Free text, such as arguments, in which punctuation is common. */
  readonly freeText: boolean;
}

const itself = (what: string) => (sign: string) => `\`${sign}\` is ${what}: in a pattern it stands for itself`;

/** Longest pattern that is looked at: some of the signs take time by the square of it. */
const PATTERN_LENGTH_MAX = 512;

/** In order of how telling they are; the first that is found is reported. */
const SIGNS: readonly Sign[] = [
  { find: /\\[.dDwWsSbB]/, message: itself("an escape of regular expressions"), except: (_, { freeText }) => freeText },
  { find: /^\^/, message: itself("an anchor of regular expressions") },
  { find: /\[\^?[^\]/]+\](?:[*+?]|\{\d)?/, message: itself("a character class"), except: isBracketed },
  { find: /\([^()/]*\|[^()/]*\)/, message: itself("a choice"), except: (_, { freeText }) => freeText },
  { find: /\{[^{}/]*,[^{}/]*\}/, message: itself("a choice of shells"), except: (_, { freeText }) => freeText },
  { find: /\.\+/, message: itself("a repetition"), except: (_, { freeText }) => freeText },
  { find: /\.\*/, message: dotStar, except: notDotStar },
  { find: /[^$]\$$/, message: itself("an anchor of regular expressions"), except: (_, { freeText }) => freeText },
  { find: /\?/, message: itself("a wildcard of shells"), except: (_, { freeText }) => freeText },
];

/** Free text may hold brackets; a class there is told by its range. */
function isBracketed(pattern: string, { freeText }: HabitOptions): boolean {
  return freeText && !/\[\^?[^\]]*[A-Za-z0-9]-[A-Za-z0-9][^\]]*\]/.test(pattern);
}

function dotStar(): string {
  return "`.*` is a dot and then anything: in a pattern the `.` stands for itself";
}

/**
 * A name may really go on behind a dot: `*.so.*`, `resolv.conf.*`, hidden files as `.*`. Only a pattern that writes all
 * its stars so, and in a path neither at the start of a component nor behind an extension, looks as if `.*` were meant as one thing.
 */
function notDotStar(pattern: string, { path }: HabitOptions): boolean {
  if (/(?:^|[^.])\*/.test(pattern) || /^\.\*[^*]*$/.test(pattern)) return true;
  return path && (/\/\.\*/.test(pattern) || /\.[^/.]*\.\*$/.test(pattern));
}

/** @returns the first thing in the pattern that is not what it looks like */
export function findHabit(pattern: string, options: HabitOptions): Habit | undefined {
  if (pattern.length > PATTERN_LENGTH_MAX) return undefined;
  for (const { find, message, except } of SIGNS) {
    const found = find.exec(pattern);
    if (found === null || except?.(pattern, options)) continue;
    const sign = found[0].length > 1 && found[0].endsWith("$") ? "$" : found[0];
    const end = found.index + found[0].length;
    return { start: end - sign.length, end, message: message(sign), hint: suggest(pattern, options) };
  }
  return undefined;
}

const isLiteral = (pattern: string): boolean => !/[\\[\](){}?+|^$]/.test(pattern);

/** @returns how to write what a regular expression of this text would say */
function suggest(source: string, { path }: HabitOptions): string {
  const anchored = source.replace(/^\^/, "").replace(/\$$/, "");
  const plain = anchored
    .replace(/\\\./g, "\u0001")
    .replace(/\.[*+]/g, "*")
    .replaceAll("\u0001", ".");
  const choices = alternatives(plain);
  if (choices !== undefined) {
    const items = choices.map((text) => (text.includes("*") ? `~"${text}"` : `"${text}"`));
    return `write a list: \`in [${items.join(", ")}]\``;
  }
  if (isLiteral(plain)) {
    if (!plain.includes("*")) return `for that text alone write \`== "${plain}"\``;
    const bare = plain.replace(/\*$/, "");
    const also = /\.\*$/.test(source) && bare !== "" ? `; it matches \`${bare}\` itself as well` : "";
    return `write \`~"${plain}"\`${also}`;
  }
  if (isLiteral(plain.replaceAll("?", "")))
    return `the nearest is \`~"${plain.replaceAll("?", "*")}"\`, where \`*\` may be no or many bytes`;
  if (path)
    return "paths have patterns only: write them out in a list, with `*` within a component and `**` for any number";
  return `for a regular expression write \`r"${source}"\``;
}

/** `a(b|c)d` as [abd, acd], also with braces and commas, when nothing else is special in it. */
function alternatives(text: string): readonly string[] | undefined {
  const [, before = "", round, curly, after = ""] =
    /^([^()[\]{}]*)(?:\(([^()[\]{}]*)\)|\{([^()[\]{}]*)\})([^()[\]{}]*)$/.exec(text) ?? [];
  const inner = round?.split("|") ?? curly?.split(",");
  if (inner === undefined || inner.length < 2 || !isLiteral(before + inner.join("") + after)) return undefined;
  return inner.map((one) => before + one + after);
}
