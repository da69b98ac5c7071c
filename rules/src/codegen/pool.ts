/**
 * The constant data of a matcher: strings, lists and tables behind the header, each kept once.
 *
 * Invariant: the pool's bytes depend only on the sequence of what was put in, and nothing moves once it
 * has an address, so data may hold addresses of data put in before.
 */
import { POOL, POOL_SLACK_BYTES } from "@weir/matcher-wasm/format";

const INITIAL_BYTES = 1 << 16;
const ALIGNMENT = 8;

export class DataPool {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;
  readonly #addresses = new Map<string, number>();

  /** Bytes in use, the slack behind the last string included. */
  get byteLength(): number {
    return this.#length + POOL_SLACK_BYTES;
  }

  /**
   * @param data may be written by the caller only before the call
   * @returns its address in the matcher's memory, a multiple of 8; the same for the same bytes
   */
  put(data: Uint8Array): number {
    const key = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    const at = this.#length;
    this.#reserve(at + data.byteLength);
    this.#bytes.set(data, at);
    this.#length = (at + data.byteLength + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    this.#addresses.set(key, POOL + at);
    return POOL + at;
  }

  /** @param words unsigned or signed 32-bit integers */
  putWords(words: readonly number[]): number {
    const data = new Uint8Array(words.length * 4);
    const view = new DataView(data.buffer);
    words.forEach((word, i) => {
      view.setUint32(i * 4, word, true);
    });
    return this.put(data);
  }

  /** @returns a copy of all bytes from `POOL` on */
  toBytes(): Uint8Array {
    this.#reserve(this.byteLength);
    return this.#bytes.slice(0, this.byteLength);
  }

  #reserve(bytes: number): void {
    if (bytes + POOL_SLACK_BYTES <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, bytes + POOL_SLACK_BYTES));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
