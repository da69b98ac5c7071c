/**
 * Where in the file each character of a YAML scalar stands.
 *
 * Folding, indentation and chomping change nothing but white space, so the other characters of the value
 * occur in the source in the same order: both are walked side by side. Escapes of quoted scalars are
 * resolved first.
 */
import { Scalar } from "yaml";
import type { Excerpt, SourceFile } from "../source.ts";
import { EXPRESSION_LENGTH_MAX } from "../syntax/lexer.ts";

/** One UTF-16 unit of the value and the offset of its source. */
interface Unit {
  readonly character: string;
  readonly at: number;
}

const SIMPLE: Readonly<Record<string, string>> = {
  0: "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** @returns the scalar's text as an excerpt; its offsets are null when source and value do not fit together */
export function scalarExcerpt(file: SourceFile, scalar: Scalar<string>): Excerpt {
  const [start, end] = scalar.range ?? [0, 0];
  const { value: text, type } = scalar;
  return new LazyExcerpt({ file, text, start }, () => {
    // Too long to be parsed: no part of it will be pointed at.
    if (text.length > EXPRESSION_LENGTH_MAX) return null;
    return align(text, units(file.text.slice(start, end), start, type), start);
  });
}

/** @returns a part of the file as it is written there */
export function fileExcerpt(file: SourceFile, start: number, end: number): Excerpt {
  const text = file.text.slice(start, end);
  return new LazyExcerpt({ file, text, start }, () => Array.from({ length: text.length + 1 }, (_, i) => start + i));
}

/** Offsets are many, and asked for only where something is reported. */
class LazyExcerpt implements Excerpt {
  readonly file: SourceFile;
  readonly text: string;
  readonly start: number;
  readonly #map: () => number[] | null;
  #offsets: readonly number[] | null | undefined;

  constructor({ file, text, start }: Omit<Excerpt, "offsets">, map: () => number[] | null) {
    this.file = file;
    this.text = text;
    this.start = start;
    this.#map = map;
  }

  get offsets(): readonly number[] | null {
    if (this.#offsets === undefined) this.#offsets = this.#map();
    return this.#offsets;
  }
}

function units(raw: string, start: number, type: Scalar["type"]): Unit[] {
  switch (type) {
    case Scalar.QUOTE_DOUBLE:
      return doubleQuoted(raw, start);
    case Scalar.QUOTE_SINGLE:
      return plain(raw, start, 1, raw.length - 1).filter(({ character, at }, i, all) => {
        const before = all[i - 1];
        return !(character === "'" && before?.character === "'" && isSecondQuote(raw, at - start));
      });
    case Scalar.BLOCK_LITERAL:
    case Scalar.BLOCK_FOLDED:
      return plain(raw, start, raw.indexOf("\n") + 1, raw.length);
    default:
      return plain(raw, start, 0, raw.length);
  }
}

function plain(raw: string, start: number, from: number, to: number): Unit[] {
  const result: Unit[] = [];
  for (let i = from; i < to; i++) result.push({ character: raw[i] as string, at: start + i });
  return result;
}

/** In a single-quoted scalar quotes come in pairs; the second of each pair is no character of the value. */
function isSecondQuote(raw: string, at: number): boolean {
  let quotes = 0;
  for (let i = at; i >= 1 && raw[i] === "'"; i--) quotes++;
  return quotes % 2 === 0;
}

function doubleQuoted(raw: string, start: number): Unit[] {
  const result: Unit[] = [];
  for (let i = 1; i < raw.length - 1; i++) {
    const at = start + i;
    const character = raw[i] as string;
    if (character !== "\\") {
      result.push({ character, at });
      continue;
    }
    const code = raw[++i] ?? "";
    const digits = HEX_DIGITS[code] ?? 0;
    const value = digits > 0 ? fromHex(raw.slice(i + 1, i + 1 + digits)) : (SIMPLE[code] ?? code);
    for (const unit of value.split("")) result.push({ character: unit, at });
    i += digits;
  }
  return result;
}

function fromHex(digits: string): string {
  const code = Number.parseInt(digits, 16);
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

const isSpace = (character: string | undefined): boolean => character !== undefined && /[ \t\r\n]/.test(character);

function align(value: string, source: readonly Unit[], start: number): number[] | null {
  const offsets: number[] = [];
  let next = 0;
  let after = source[0]?.at ?? start;
  for (let i = 0; i < value.length; i++) {
    if (!isSpace(value[i])) {
      while (isSpace(source[next]?.character)) next++;
      const unit = source[next++];
      if (unit === undefined || unit.character !== value[i]) return null;
      after = unit.at;
    }
    offsets.push(after);
    after++;
  }
  while (isSpace(source[next]?.character)) next++;
  if (next < source.length) return null;
  offsets.push(after);
  return offsets;
}
