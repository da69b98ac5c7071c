/**
 * Equality with the short texts of a record, comm and file system, in line: two words each, cheaper to compare than
 * to call for. Such conditions are often all that a rule has, so that they are asked for every event.
 */
import { COMM_BYTES, FILE_FILESYSTEM, type Field, RECORD_COMM } from "@weir/matcher-wasm/format";
import binaryen from "binaryen";
import type { StringTest } from "../ir.ts";
import { type Code, PARAM_RECORD } from "./int-code.ts";
import type { Runtime } from "./runtime.ts";

const WORD_BYTES = 8;
const encoder = new TextEncoder();

/** @returns code that is 1 when the text is equal; null when it is another field or another test */
export function shortTextCode(runtime: Runtime, { source }: Field, tests: readonly StringTest[]): Code | null {
  const [test] = tests;
  if (test?.kind !== "equals" || tests.length > 1) return null;
  if (source.from !== "comm" && source.from !== "filesystem") return null;
  const { module: m } = runtime;
  const text = encoder.encode(test.value);
  // The text of a record ends at its first NUL and has no more than fit.
  if (text.length > COMM_BYTES || text.includes(0)) return m.i32.const(0);
  const padded = new DataView(new ArrayBuffer(COMM_BYTES));
  for (const [i, byte] of text.entries()) padded.setUint8(i, byte);
  const bytes = Math.min(text.length + 1, COMM_BYTES);
  const offset = source.from === "comm" ? RECORD_COMM : FILE_FILESYSTEM;
  const same = (at: number): Code => {
    const word = m.i64.load(offset + at, WORD_BYTES, m.local.get(PARAM_RECORD, binaryen.i32));
    const compared =
      bytes - at < WORD_BYTES ? m.i64.and(word, m.i64.const((1n << BigInt((bytes - at) * 8)) - 1n)) : word;
    return m.i64.eq(compared, m.i64.const(padded.getBigInt64(at, true)));
  };
  return bytes <= WORD_BYTES ? same(0) : m.i32.and(same(0), same(WORD_BYTES));
}
