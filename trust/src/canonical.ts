/**
 * Canonical JSON of what Weir itself writes and digests: RFC 8785 without fractions. Two writers of the
 * same value produce the same bytes, and the bytes are plain JSON.
 *
 * TUF metadata uses another form (`@tufjs/canonical-json`), which leaves control characters unescaped and
 * so is not JSON for every string; it is confined to `repository.ts`.
 */
import { createHash } from "node:crypto";

/** What canonical JSON can hold. Numbers are integers within ±(2^53 - 1). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

function write(value: Json): string {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new TypeError(`canonical JSON: got the number ${value}, expected an integer within ±(2^53 - 1)`);
    return String(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("canonical JSON: got a string with an unpaired surrogate");
    return JSON.stringify(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const record = value as { readonly [key: string]: Json | undefined };
  const members: string[] = [];
  // The default sort compares UTF-16 code units, as RFC 8785 asks.
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member !== undefined) members.push(`${write(key)}:${write(member)}`);
  }
  return `{${members.join(",")}}`;
}

/**
 * @returns UTF-8 bytes; object members that are undefined are left out
 * @throws TypeError for fractions, unsafe integers and unpaired surrogates
 */
export function canonicalBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(write(value));
}

/** @returns lower-case hex SHA-256 */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @returns whether both hold the same bytes */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
