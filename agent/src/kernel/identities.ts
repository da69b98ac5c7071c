/** The kernel stage's map of watched names of files with several hard links; any thread may write to it. */
import { deleteFromMap, updateMap } from "./libbpf.ts";
import { IDENTITY_KEY_BYTES, IDENTITY_PATH_BYTES } from "./tables.ts";

/** A file, and which of its kept names it is about: from 0 to IDENTITY_NAMES_MAX - 1, without a gap. */
export interface IdentityKey {
  readonly inode: bigint;
  /** As in records. */
  readonly dev: number;
  readonly nth: number;
}

export class IdentityMap {
  readonly #fd: number;

  /** @param fd of the map; it stays the caller's */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Keeps a name of a file with several hard links: events of the file by its other names are judged by this one, too.
   * @param path shorter than IDENTITY_PATH_BYTES
   * @throws KernelError, code E2BIG: as many as there is room for are kept
   */
  keep(key: IdentityKey, path: Uint8Array): void {
    const value = new Uint8Array(IDENTITY_PATH_BYTES);
    value.set(path);
    updateMap(this.#fd, encode(key), value);
  }

  /** @throws KernelError */
  drop(key: IdentityKey): void {
    deleteFromMap(this.#fd, encode(key));
  }
}

function encode({ inode, dev, nth }: IdentityKey): Uint8Array {
  const key = new DataView(new ArrayBuffer(IDENTITY_KEY_BYTES));
  key.setBigUint64(0, inode, true);
  key.setUint32(8, dev, true);
  key.setUint32(12, nth, true);
  return new Uint8Array(key.buffer);
}
