/**
 * The 64-bit hash of path names, as `format/hash.ts` defines it, over bytes in memory.
 *
 * Reads whole words: up to 7 bytes past the end, so nothing hashed may end in the last word of memory.
 */
const A: u64 = 0x9e3779b97f4a7c15;
const B: u64 = 0xc2b2ae3d27d4eb4f;
const WORD_BYTES: u32 = 8;

/** Hash of the root directory. */
export const ROOT_HASH: u64 = A;

// @ts-ignore: decorator
@inline
export function nameSeed(length: u32): u64 {
  return A ^ ((length as u64) * B);
}

// @ts-ignore: decorator
@inline
export function mixWord(h: u64, word: u64): u64 {
  h = (h ^ word) * B;
  return h ^ (h >> 32);
}

/** The first `bytes` (0 … 7) bytes of the word, the others zero. */
// @ts-ignore: decorator
@inline
export function keepBytes(word: u64, bytes: u32): u64 {
  return word & (((1 as u64) << ((bytes as u64) << 3)) - 1);
}

export function nameHash(address: usize, length: u32): u64 {
  let h = nameSeed(length);
  let left = length;
  while (left >= WORD_BYTES) {
    h = mixWord(h, load<u64>(address));
    address += WORD_BYTES;
    left -= WORD_BYTES;
  }
  return left != 0 ? mixWord(h, keepBytes(load<u64>(address), left)) : h;
}

// @ts-ignore: decorator
@inline
export function childHash(directory: u64, name: u64): u64 {
  let p = (directory * B) ^ name;
  p = (p ^ (p >> 29)) * A;
  return p ^ (p >> 32);
}
