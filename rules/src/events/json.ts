/**
 * JSON as people write it for events: integers keep all their digits, and a key that is there twice is an error, where
 * `JSON.parse` takes the last one and says nothing.
 */
import { quoted, visible } from "../quote.ts";

/** A key of an object occurs twice; `line` counts from 1, undefined where there is only one. */
class DuplicateKeyError extends SyntaxError {
  override readonly name = "DuplicateKeyError";
  readonly key: string;
  readonly line: number | undefined;
  constructor(key: string, line: number | undefined) {
    super(`the key ${quoted(key)} occurs twice${line === undefined ? "" : `, again on line ${line}`}`);
    this.key = key;
    this.line = line;
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

const exactIntegers: Reviver = (_key, value, { source }) =>
  typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && /^-?\d{1,32}$/.test(source)
    ? BigInt(source)
    : value;

/**
 * @returns the value, with integers beyond 2^53 as bigint, so that none is rounded
 * @throws SyntaxError as JSON.parse does; DuplicateKeyError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text, exactIntegers as Parameters<typeof JSON.parse>[1]);
  requireDistinctKeys(text);
  return value;
}

/** @returns why `parseJson` failed; the engine quotes what it read as it is */
export function notJson(error: unknown): string {
  const { message } = error as Error;
  return error instanceof DuplicateKeyError ? message : `not JSON: ${visible(message)}`;
}

/** @returns the text without the mark that some editors put in front of UTF-8 */
export const withoutByteOrderMark = (text: string): string => (text.startsWith("\ufeff") ? text.slice(1) : text);

/** @param text valid JSON */
function requireDistinctKeys(text: string): void {
  /** Of the objects around, null for lists. */
  const open: (Set<string> | null)[] = [];
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "{":
      case "[":
        isKey = text[at] === "{";
        open.push(isKey ? new Set() : null);
        break;
      case "}":
      case "]":
        open.pop();
        isKey = false;
        break;
      case ",":
        isKey = open.at(-1) !== null;
        break;
      case '"': {
        const end = stringEnd(text, at);
        if (isKey) addKey(open.at(-1), text, at, end);
        isKey = false;
        at = end - 1;
        break;
      }
    }
  }
}

/** @returns where the string that starts at the quotation mark has ended */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function addKey(keys: Set<string> | null | undefined, text: string, start: number, end: number): void {
  const key = JSON.parse(text.slice(start, end)) as string;
  if (keys?.has(key)) {
    const line = text.slice(0, start).split("\n").length;
    throw new DuplicateKeyError(key, text.includes("\n") ? line : undefined);
  }
  keys?.add(key);
}
