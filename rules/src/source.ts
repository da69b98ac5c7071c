/**
 * Where text comes from: files with line numbers, and expressions that lie inside them.
 *
 * Lines and columns count from 1; a column counts characters (code points), not bytes.
 */
import type { Span } from "./syntax/error.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A file's text, able to say which line an offset is on. Offsets are UTF-16 units. */
export class SourceFile {
  readonly name: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) this.#lineStarts.push(i + 1);
  }

  /** @returns the number of the line that holds the offset, which is clamped to the text */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** @param offset is clamped to the text */
  locate(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.text.length));
    const line = this.lineOf(at);
    const start = this.#lineStarts[line - 1] as number;
    let column = 1;
    for (let i = start; i < at; column++) i += (this.text.codePointAt(i) as number) > 0xffff ? 2 : 1;
    return { line, column };
  }

  /** @returns the text of a line without its end, or undefined when there is no such line */
  line(number: number): string | undefined {
    const start = this.#lineStarts[number - 1];
    if (start === undefined) return undefined;
    const end = this.#lineStarts[number] ?? this.text.length + 1;
    return this.text.slice(start, end - 1).replace(/\r$/, "");
  }
}

/** An expression as written in a policy. */
export interface Excerpt {
  readonly file: SourceFile;
  /** The expression itself, with the escapes and line folding of YAML resolved. */
  readonly text: string;
  /** Offset in the file of the expression's first character. */
  readonly start: number;
  /** File offset of each of its UTF-16 units and of its end; null where no exact mapping exists. */
  readonly offsets: readonly number[] | null;
}

/** A place in a file to point at: `length` characters from `offset`. */
export interface Place {
  readonly file: SourceFile;
  readonly offset: number;
  /** UTF-16 units; at least 1 when shown. */
  readonly length: number;
  /** Said in the message when the place is only near. */
  readonly note: string;
}

/** @returns where in the file a part of the expression stands */
export function placeOf(excerpt: Excerpt, span: Span): Place {
  const { file, offsets, start } = excerpt;
  if (offsets === null) {
    return { file, offset: start, length: 1, note: ` (at character ${span.start + 1} of the expression)` };
  }
  const from = offsets[Math.min(span.start, offsets.length - 1)] ?? start;
  const last = offsets[Math.min(Math.max(span.end - 1, span.start), offsets.length - 1)] ?? from;
  return { file, offset: from, length: Math.max(1, span.end > span.start ? last + 1 - from : 1), note: "" };
}

/** @returns an excerpt for an expression that is the whole of a text, as in tests and on a command line */
export function wholeText(name: string, text: string): Excerpt {
  return {
    file: new SourceFile(name, text),
    text,
    start: 0,
    offsets: Array.from({ length: text.length + 1 }, (_, i) => i),
  };
}
