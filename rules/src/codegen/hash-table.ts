/** Open addressing with linear probing, as `format/layout.ts` draws it; the runtime only ever reads. */

/** Entries per slot at most; a free slot always ends an unsuccessful search. */
const LOAD_MAX = 0.5;

export interface HashEntry {
  readonly hash: bigint;
  /** The two words behind the hash. */
  readonly words: readonly [number, number];
}

const ENTRY_BYTES = 16;

/**
 * @param entries in the order in which they claim their slots
 * @param occupied which of the two words tells that a slot is taken; it must not be 0
 * @returns the table's bytes and the mask of its slots
 */
export function buildHashTable(
  entries: readonly HashEntry[],
  occupied: 0 | 1,
): { readonly bytes: Uint8Array; readonly mask: number } {
  let slots = 2;
  while (entries.length > slots * LOAD_MAX) slots *= 2;
  const mask = slots - 1;
  const bytes = new Uint8Array(slots * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (const { hash, words } of entries) {
    let slot = Number(hash & 0xffffffffn) & mask;
    while (view.getUint32(slot * ENTRY_BYTES + 8 + occupied * 4, true) !== 0) slot = (slot + 1) & mask;
    view.setBigUint64(slot * ENTRY_BYTES, hash, true);
    view.setUint32(slot * ENTRY_BYTES + 8, words[0], true);
    view.setUint32(slot * ENTRY_BYTES + 12, words[1], true);
  }
  return { bytes, mask };
}
