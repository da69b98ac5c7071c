/**
 * The section table of a WebAssembly binary, for what the JavaScript API does not show: start functions
 * and the limits of memories.
 * Reference: WebAssembly Core Specification, 5.5 Modules.
 *
 * Invariant: nothing outside the given bytes is read; a binary that ends early is an error.
 */
import { MatcherRejectedError } from "./errors.ts";

export const SECTION_MEMORY = 5;
export const SECTION_START = 8;

const MAGIC = 0x6d736100;
const VERSION = 1;
const PREAMBLE_BYTES = 8;
const LIMITS_HAS_MAXIMUM = 1;

export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/** Limits of a memory in pages of 64 KiB. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum: number | null;
  /** Flags other than "has a maximum": shared, 64-bit, custom page size. */
  readonly special: boolean;
}

/** Reads the integers of a WebAssembly binary one after the other. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new MatcherRejectedError("malformed", `the binary ends at byte ${this.at}`);
    this.at++;
    return value;
  }

  /** LEB128, at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new MatcherRejectedError("malformed", `integer before byte ${this.at} has more than 32 bits`);
  }
}

/** @throws MatcherRejectedError when the bytes are no WebAssembly module of version 1 */
export function listSections(bytes: Uint8Array): Section[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREAMBLE_BYTES || view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION)
    throw new MatcherRejectedError("malformed", "the bytes do not start as a WebAssembly module of version 1");
  const sections: Section[] = [];
  const reader = new Reader(bytes, PREAMBLE_BYTES);
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const length = reader.u32();
    const end = reader.at + length;
    if (end > bytes.length)
      throw new MatcherRejectedError(
        "malformed",
        `section ${id} of ${length} bytes at ${reader.at} goes past the end, ${bytes.length}`,
      );
    sections.push({ id, body: bytes.subarray(reader.at, end) });
    reader.at = end;
  }
  return sections;
}

/** @returns the limits of each memory that the body of a memory section declares */
export function memoryLimits(body: Uint8Array): MemoryLimits[] {
  const reader = new Reader(body, 0);
  const count = reader.u32();
  const memories: MemoryLimits[] = [];
  for (let i = 0; i < count; i++) {
    const flags = reader.byte();
    const initial = reader.u32();
    const maximum = (flags & LIMITS_HAS_MAXIMUM) !== 0 ? reader.u32() : null;
    memories.push({ initial, maximum, special: (flags & ~LIMITS_HAS_MAXIMUM) !== 0 });
  }
  return memories;
}
