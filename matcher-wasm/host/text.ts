/**
 * Text of hosts, which is bytes: names of files may be no UTF-8.
 *
 * Invariant: text is a string exactly where it is UTF-8, and bytes elsewhere, so that nothing is replaced and what is
 * the same has one form.
 */

export type HostText = string | Uint8Array;

/** A byte order mark is a character like any other. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** @returns the text, of bytes that are none a copy */
export function textOf(bytes: Uint8Array): HostText {
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes.slice();
  }
}

/** @returns one after the other; two halves of a character make one */
export function joined(a: HostText, b: HostText): HostText {
  if (typeof a === "string" && typeof b === "string") return a + b;
  const [before, after] = [bytesOf(a), bytesOf(b)];
  const both = new Uint8Array(before.length + after.length);
  both.set(before);
  both.set(after, before.length);
  return textOf(both);
}

const bytesOf = (text: HostText): Uint8Array => (typeof text === "string" ? encoder.encode(text) : text);
