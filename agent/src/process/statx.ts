/**
 * Attributes of files without waiting for anybody: `statx` with AT_STATX_DONT_SYNC, which answers from what the
 * kernel has where a network or FUSE file system would have to ask its server. Node's `stat` may hang there.
 */
import koffi from "koffi";

const statxCall = koffi
  .load("libc.so.6")
  .func("int statx(int folder, const char *path, int flags, uint32_t mask, _Out_ uint8_t *buffer)");

export interface FileAttributes {
  readonly inode: bigint;
  /** As in records: new_encode_dev(). */
  readonly dev: number;
  /** Hard links; of a directory the number means something else. */
  readonly links: number;
  /** File type included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: bigint;
  /** Nanoseconds since the epoch. */
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_BASIC_STATS = 0x7ff;
/** struct statx, include/uapi/linux/stat.h. */
const STATX = {
  bytes: 256,
  links: 16,
  uid: 20,
  gid: 24,
  mode: 28,
  inode: 32,
  size: 40,
  changed: 96,
  modified: 112,
  major: 136,
  minor: 140,
};

const buffer = new Uint8Array(STATX.bytes);
const view = new DataView(buffer.buffer);

/** @returns undefined when there is no such file, or it may not be looked at */
export function attributesOf(path: string, { followLink = true } = {}): FileAttributes | undefined {
  const flags = AT_STATX_DONT_SYNC | (followLink ? 0 : AT_SYMLINK_NOFOLLOW);
  if (statxCall(AT_FDCWD, path, flags, STATX_BASIC_STATS, buffer) !== 0) return undefined;
  return {
    inode: view.getBigUint64(STATX.inode, true),
    dev: encodedDevice(view.getUint32(STATX.major, true), view.getUint32(STATX.minor, true)),
    links: view.getUint32(STATX.links, true),
    mode: view.getUint16(STATX.mode, true),
    uid: view.getUint32(STATX.uid, true),
    gid: view.getUint32(STATX.gid, true),
    sizeBytes: view.getBigUint64(STATX.size, true),
    modifiedNs: timeNs(STATX.modified),
    changedNs: timeNs(STATX.changed),
  };
}

const encodedDevice = (major: number, minor: number): number =>
  ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;

/** struct statx_timestamp: s64 seconds, u32 nanoseconds. */
function timeNs(at: number): bigint {
  return view.getBigInt64(at, true) * 1_000_000_000n + BigInt(view.getUint32(at + 8, true));
}

/** Bits of a mode that say what kind of file it is, and one of the kinds. */
export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
