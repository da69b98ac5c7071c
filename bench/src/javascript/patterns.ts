/**
 * Globs, flat patterns and regexes as JavaScript regular expressions over well-formed strings.
 *
 * Invariant: what is given back matches exactly the strings whose UTF-8 bytes the pattern of the rule language
 * matches; a regex for which that is not evident is refused.
 */

const DOUBLE_STAR = "**";
/** Only for strings that are not empty. */
const NOT_EMPTY = "(?=[^])";

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
const withStars = (text: string, star: string): string => text.split(/\*+/).map(escaped).join(star);

/** @returns source of a regular expression that is anchored at both ends */
export function patternSource(pattern: string): string {
  return `^${withStars(pattern, "[^]*")}$`;
}

/** @returns source of a regular expression that is anchored at both ends; the rules are those of `rules/src/pattern.ts` */
export function globSource(pattern: string): string {
  const components = pattern.split("/");
  if (components[0] !== DOUBLE_STAR && /^\*+$/.test(components[0] ?? "")) components.unshift("");
  const source = (part: readonly string[]): string => part.map((c) => withStars(c, "[^/]*")).join("/");
  const double = components.indexOf(DOUBLE_STAR);
  if (double < 0) return `^${source(components)}$`;
  const before = components.slice(0, double);
  const after = components.slice(double + 1);
  const start = before.length === 0 ? "" : `(?=${source(before)}/)`;
  const end = after.length === 0 ? "" : `(?:[^]*/)?${source(after)}$`;
  return `^${NOT_EMPTY}${start}${end}`;
}

/** Pieces of RE2 syntax that mean the same in JavaScript once they are rewritten so. */
const REGEX_PIECES: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/^[\w\-/ ,:=@#~%&'"<>;!]/, escaped],
  [/^(?:\(\?:|[()|^$])/, (text) => text],
  [/^(?:[*+?]|\{\d+(?:,\d*)?\})\??/, (text) => text],
  [/^\./, () => "[^\\n]"],
  [/^\\[dD]/, (text) => text],
  [/^\\[^\w\s]/, (text) => escaped(text.slice(1))],
  [/^\[\^?-?(?:\w(?:-\w)?|[/ ,:=@#~%&'"<>;!.+*]|\\[d.\-/])+\]/, (text) => text],
];

/**
 * @param source RE2 syntax, known to compile
 * @returns null for what has no evident counterpart
 */
export function regexOf(source: string): RegExp | null {
  const ignoreCase = source.startsWith("(?i)");
  let rest = ignoreCase ? source.slice(4) : source;
  let out = "";
  while (rest !== "") {
    const piece = REGEX_PIECES.map(([pattern, rewrite]) => [pattern.exec(rest)?.[0], rewrite] as const).find(
      ([found]) => found !== undefined,
    );
    if (piece?.[0] === undefined) return null;
    out += piece[1](piece[0]);
    rest = rest.slice(piece[0].length);
  }
  try {
    return new RegExp(out, ignoreCase ? "iu" : "u");
  } catch (error) {
    // Pieces that are known one by one may still not go together, such as `(` and `?` of other flags.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
