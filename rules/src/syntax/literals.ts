/** Values of literal tokens. */
import { isIP } from "node:net";
import { ExpressionError, type Span } from "./error.ts";

const U64_LIMIT = 1n << 64n;
/** Digits of 2^64 in octal, with a margin; longer ones are out of range without being converted. */
const DIGITS_MAX = 32;

const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  n: "\n",
  r: "\r",
  t: "\t",
  0: "\0",
};

const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gsu;

function fail(message: string, span: Span, hint?: string): never {
  throw new ExpressionError({ code: "syntax", message, span, hint });
}

/**
 * @param text decimal, `0x…` or octal (`0o…`, or a leading zero as in file modes)
 * @returns its value as signed 64-bit integer; values from 2^63 to 2^64 - 1 wrap, as unsigned fields do
 */
export function intValue(text: string, span: Span): bigint {
  const octal = /^0[0-9]+$/.test(text);
  if (octal && /[89]/.test(text)) fail(`\`${text}\`: a number with a leading zero is octal, digits 0 to 7`, span);
  if (text.length > DIGITS_MAX) fail(`number of ${text.length} characters does not fit 64 bits`, span);
  const value = BigInt(octal ? `0o${text.slice(1)}` : text);
  if (value >= U64_LIMIT) fail(`\`${text}\` does not fit 64 bits`, span);
  return BigInt.asIntN(64, value);
}

export interface StringValue {
  readonly value: string;
  /** Backslashes that start no escape, each with the character behind it; they are part of the value as they stand. */
  readonly rawEscapes?: readonly Span[];
}

/**
 * @param image the token with its quotes; `prefix` characters (`~`) stand before them
 * @returns its text with escapes resolved: \" \\ \/ \n \r \t \0 \xHH (ASCII) \uHHHH \UHHHHHHHH. Others are text,
 * as newer versions of the Datadog Agent take all of them
 */
export function stringValue(image: string, prefix: number, start: number): StringValue {
  const body = image.slice(prefix + 1, -1);
  if (!body.includes("\\")) return { value: body };
  const rawEscapes: Span[] = [];
  const value = body.replace(ESCAPE, (whole, code: string, at: number) => {
    const from = start + prefix + 1 + at;
    const span = { start: from, end: from + whole.length };
    if (code.length > 2) return codePoint(Number.parseInt(code.slice(1), 16), whole, span);
    const simple = SIMPLE[code];
    if (simple === undefined) rawEscapes.push(span);
    return simple ?? whole;
  });
  return rawEscapes.length === 0 ? { value } : { value, rawEscapes };
}

function codePoint(code: number, source: string, span: Span): string {
  if (source[1] === "x" && code > 0x7f) fail(`\`${source}\` is no ASCII character`, span, "write `\\uHHHH`");
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) fail(`\`${source}\` is no Unicode character`, span);
  return String.fromCodePoint(code);
}

/** @returns the address or network as written, once it is known to be one */
export function ipValue(text: string, span: Span): string {
  const [address, bits] = text.split("/");
  const version = isIP(address ?? "");
  if (version === 0) fail(`\`${address}\` is no IP address`, span);
  const most = version === 4 ? 32 : 128;
  if (bits !== undefined && Number(bits) > most)
    fail(`\`/${bits}\`: an IPv${version} prefix has at most ${most} bits`, span);
  return text;
}
