/**
 * The 64-bit hash of path names, as the kernel stage and the matcher compute it.
 *
 * `bpf/include/hash.h` and `matcher-wasm/assembly/hash.ts` are the same function; `hash-vectors.json`
 * holds vectors that all three must reproduce. It is built for one pass from the root to the leaf: the
 * hash of a directory extends to that of its children, so a walk yields the hash of every ancestor.
 * It is not a cryptographic hash: a collision costs work (the event goes to the full matcher), never a
 * verdict.
 *
 * name_hash(bytes): h = A ^ (length · B); for each 8-byte little-endian word w, the last one padded with
 * zeros: h = (h ^ w) · B, h ^= h >> 32.
 * path_hash("/") = A; path_hash(dir / name) = p where p = (path_hash(dir) · B) ^ name_hash(name),
 * then p = (p ^ p >> 29) · A, p ^= p >> 32.
 */

const A = 0x9e3779b97f4a7c15n;
const B = 0xc2b2ae3d27d4eb4fn;
const MASK = 0xffffffffffffffffn;

/** Hash of the root directory; every path hash extends it. */
export const ROOT_HASH = A;

/** @param name bytes of one path component, without slashes */
export function nameHash(name: Uint8Array): bigint {
  let h = A ^ ((BigInt(name.length) * B) & MASK);
  for (let i = 0; i < name.length; i += 8) {
    let word = 0n;
    for (let j = Math.min(i + 8, name.length) - 1; j >= i; j--) word = (word << 8n) | BigInt(name[j] as number);
    h = ((h ^ word) * B) & MASK;
    h ^= h >> 32n;
  }
  return h;
}

/** @returns hash of the entry with that name hash in the directory with that path hash */
export function childHash(directory: bigint, name: bigint): bigint {
  let p = ((directory * B) & MASK) ^ name;
  p = ((p ^ (p >> 29n)) * A) & MASK;
  return p ^ (p >> 32n);
}

/**
 * @param path absolute and normalised: "/" or "/a/b", no trailing slash, no "." or ".."
 * @throws TypeError for any other path
 */
export function pathHash(path: string): bigint {
  if (path === "/") return ROOT_HASH;
  const parts = path.split("/");
  if (parts.shift() !== "" || parts.some((p) => p === "" || p === "." || p === ".."))
    throw new TypeError(`path ${JSON.stringify(path)}: expected an absolute, normalised path`);
  const encoder = new TextEncoder();
  return parts.reduce((h, name) => childHash(h, nameHash(encoder.encode(name))), ROOT_HASH);
}
