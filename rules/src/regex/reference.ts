/**
 * Whether a regex matches, by another engine: re2js, a port of RE2 that simulates its automaton in linear
 * time. It has a parser, tables and an engine of its own and shares nothing with the compiler beside it.
 */
import { RE2JS } from "re2js";

const COMPILED_MAX = 256;
const compiled = new Map<string, RE2JS>();

/**
 * @param source a regex that `compileRegex` accepts
 * @param value bytes; what is no valid UTF-8 is read as Go reads it
 * @returns whether the regex matches anywhere in the value
 */
export function regexMatches(source: string, value: Uint8Array): boolean {
  let regex = compiled.get(source);
  if (regex === undefined) {
    regex = RE2JS.compile(source);
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(source, regex);
  }
  return regex.test(decodeText(value));
}

/** Lengths of well-formed sequences, as one pattern over characters that stand for bytes. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\x80-\xff]/g;

/**
 * @returns the text of the bytes; a byte that begins no well-formed sequence is one U+FFFD. The platform's
 *   decoder would make one U+FFFD of several such bytes.
 */
export function decodeText(bytes: Uint8Array): string {
  const characters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return characters.replace(SEQUENCE, (sequence) =>
    sequence.length === 1 ? "\ufffd" : Buffer.from(sequence, "latin1").toString("utf8"),
  );
}
