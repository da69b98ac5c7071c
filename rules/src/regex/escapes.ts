/** What a backslash stands for, and bracketed classes. */

import { suggestion } from "../suggest.ts";
import { type CharSet, complement, normalise } from "./char-set.ts";
import type { Reader } from "./reader.ts";
import { foldCase, PERL, POSIX, unicodeClass, unicodeClassNames } from "./unicode.ts";

const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const CODE_POINT_MAX = 0x10ffff;

const NOT_REGULAR =
  "text is matched by an automaton in one pass, which cannot remember what a group matched; write the alternatives out";

/** Why an escape that other engines know is not accepted here. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^[1-9]$/, NOT_REGULAR],
  [/^[kg]$/, NOT_REGULAR],
  [/^Z$/, "the end of the text is `\\z`"],
  [/^[uU]$/, "a code point is written `\\x{1F600}`"],
  [/^[hRX]$/, "write the characters as a class"],
  [/^C$/, "single bytes cannot be matched"],
  [/^[QE]$/, "`\\Q…\\E` quotes outside of classes, from `\\Q` to `\\E`"],
];

/**
 * Reads an escape that stands for one character; the reader is at the backslash.
 * @returns its code point
 */
export function escapedCharacter(reader: Reader): number {
  const start = reader.at;
  reader.at++;
  if (reader.atEnd) reader.fail("trailing backslash: it stands before nothing", start);
  const c = reader.next();
  if (/^[0-7]$/.test(c) && (c === "0" || /^[0-7]$/.test(reader.peek()))) {
    const digits = /^[0-7]{1,3}/.exec(reader.source.slice(reader.at - 1, reader.at + 2))?.[0] ?? c;
    reader.at += digits.length - 1;
    return Number.parseInt(digits, 8);
  }
  if (c === "x") return hexadecimal(reader, start);
  const control = CONTROL[c];
  if (control !== undefined) return control;
  if (c < "\x80" && !/[0-9A-Za-z]/.test(c)) return c.charCodeAt(0);
  const hint = HINTS.find(([pattern]) => pattern.test(c))?.[1];
  const isReference = hint === NOT_REGULAR;
  return reader.fail(
    isReference ? `back-reference \`${reader.text(start)}\`` : `invalid escape \`${reader.text(start)}\``,
    start,
    hint,
  );
}

/** `\xHH` or `\x{H…}`; the reader is behind the x. */
function hexadecimal(reader: Reader, start: number): number {
  const [whole = "", two, braced] =
    /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/.exec(reader.source.slice(reader.at)) ?? [];
  reader.at += whole.length;
  if (whole === "")
    reader.fail(`invalid escape \`${reader.text(start)}\``, start, "write two hexadecimal digits or `\\x{10FFFF}`");
  const digits = (two ?? braced ?? "").replace(/^0+(?=.)/, "");
  const value = digits.length > 6 ? Number.POSITIVE_INFINITY : Number.parseInt(digits, 16);
  if (value > CODE_POINT_MAX)
    reader.fail(`\`${reader.text(start)}\` is no Unicode character`, start, "the last one is `\\x{10FFFF}`");
  return value;
}

/**
 * Reads `\d`, `\pL`, `\p{Greek}` and their like; the reader is at the backslash.
 * @returns the set, undefined without having moved when something else stands there
 */
export function escapedClass(reader: Reader, fold: boolean): CharSet | undefined {
  const letter = reader.source[reader.at + 1] ?? "";
  if (letter === "p" || letter === "P") return unicodeProperty(reader, fold);
  const set = PERL[letter.toLowerCase()];
  if (set === undefined || !/[A-Za-z]/.test(letter)) return undefined;
  reader.at += 2;
  return signed(reader, set, { negated: letter < "a", fold, start: reader.at - 2 });
}

interface ClassOptions {
  readonly negated: boolean;
  readonly fold: boolean;
  readonly start: number;
}

/** A negated class is the complement of the folded one. */
function signed(reader: Reader, set: CharSet, { negated, fold, start }: ClassOptions): CharSet {
  const folded = reader.counted(fold ? foldCase(set) : set, start);
  return negated ? complement(folded) : folded;
}

function unicodeProperty(reader: Reader, fold: boolean): CharSet {
  const start = reader.at;
  let negated = reader.source[start + 1] === "P";
  reader.at += 2;
  if (reader.atEnd) reader.fail("a class name must follow", start, "write `\\pL` or `\\p{Greek}`");
  let name = reader.next();
  if (name === "{") {
    const end = reader.source.indexOf("}", reader.at);
    if (end < 0) reader.fail("the class name is not closed", start, "write `\\p{Greek}`", reader.source.length);
    name = reader.source.slice(reader.at, end);
    reader.at = end + 1;
  }
  if (name.startsWith("^")) {
    negated = !negated;
    name = name.slice(1);
  }
  const set = unicodeClass(name);
  if (set === undefined)
    reader.fail(
      `unknown Unicode class \`${name}\``,
      start,
      suggestion(name, unicodeClassNames()) ?? "known are general categories and scripts",
    );
  return signed(reader, set, { negated, fold, start });
}

/** Reads `[…]`; the reader is at the bracket. */
export function bracketClass(reader: Reader, fold: boolean): CharSet {
  const start = reader.at;
  reader.at++;
  const negated = reader.take("^");
  const ranges: number[] = [];
  for (let first = true; first || !reader.startsWith("]"); first = false) {
    if (reader.atEnd) reader.fail("the class is not closed: `]` is missing", start);
    const named = namedClass(reader, fold) ?? (reader.startsWith("\\") ? escapedClass(reader, fold) : undefined);
    ranges.push(...(named ?? range(reader, fold)));
  }
  reader.at++;
  const set = normalise(ranges);
  return negated ? complement(set) : set;
}

function range(reader: Reader, fold: boolean): CharSet {
  const start = reader.at;
  const low = classCharacter(reader);
  let high = low;
  if (reader.startsWith("-") && reader.at + 1 < reader.source.length && reader.source[reader.at + 1] !== "]") {
    reader.at++;
    high = classCharacter(reader);
    if (high < low) reader.fail(`\`${reader.text(start)}\`: the range ends before it starts`, start);
  }
  return reader.counted(fold ? foldCase([low, high]) : [low, high], start);
}

function classCharacter(reader: Reader): number {
  return reader.startsWith("\\") ? escapedCharacter(reader) : (reader.next().codePointAt(0) as number);
}

/** `[:alpha:]` and `[:^alpha:]`, inside a class. */
function namedClass(reader: Reader, fold: boolean): CharSet | undefined {
  if (!reader.startsWith("[:")) return undefined;
  const end = reader.source.indexOf(":]", reader.at + 2);
  if (end < 0) return undefined;
  const start = reader.at;
  const name = reader.source.slice(start + 2, end);
  reader.at = end + 2;
  const negated = name.startsWith("^");
  const set = Object.hasOwn(POSIX, name.slice(negated ? 1 : 0)) ? POSIX[name.slice(negated ? 1 : 0)] : undefined;
  if (set === undefined)
    reader.fail(`unknown class \`${reader.text(start)}\``, start, suggestion(name, Object.keys(POSIX)));
  return signed(reader, set, { negated, fold, start });
}
