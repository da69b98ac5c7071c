/**
 * Records as plain objects, for everything that is not the hot path: process tracking, detections, tests.
 *
 * Invariant: nothing is read outside the record, and nothing of the result aliases the input, so the ring
 * may move on. A record that contradicts its own lengths is a `MalformedRecordError`.
 */
import * as r from "./record.ts";

/** Why a record is refused. */
export type MalformedReason = "short" | "size" | "type" | "path" | "text" | "arguments";

/** The bytes are not a record of this layout: the writer and this reader disagree. */
export class MalformedRecordError extends Error {
  override readonly name = "MalformedRecordError";
  readonly reason: MalformedReason;
  readonly offset: number;

  constructor(reason: MalformedReason, offset: number, message: string) {
    super(`record at ${offset}: ${message}`);
    this.reason = reason;
    this.offset = offset;
  }
}

/** What every record has; see `record.ts` for units. */
export interface RecordHeader {
  readonly size: number;
  readonly type: number;
  readonly flags: number;
  readonly timeNs: bigint;
  readonly tenants: bigint;
  readonly generation: number;
  readonly retval: number;
  readonly processStartNs: bigint;
  readonly cgroupId: bigint;
  readonly tgid: number;
  readonly tid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
  readonly euid: number;
  readonly egid: number;
  readonly fsuid: number;
  readonly fsgid: number;
  readonly auid: number;
  readonly mountNs: number;
  readonly pidNs: number;
  readonly comm: string;
}

export interface FileEvent extends RecordHeader {
  readonly kind: "file";
  readonly inode: bigint;
  readonly dev: number;
  readonly mountId: number;
  readonly mode: number;
  readonly fileUid: number;
  readonly fileGid: number;
  readonly opFlags: number;
  readonly opMode: number;
  readonly opUid: number;
  readonly opGid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly filesystem: string;
  /** 0: none. */
  readonly directoryKey: bigint;
  /** UTF-8; bytes that are none became U+FFFD. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
  readonly pathTruncated: boolean;
  /** Empty where the event has none. */
  readonly destination: string;
  readonly destinationBytes: Uint8Array;
  readonly destinationTruncated: boolean;
  /** Attribute name, or what was mounted; empty where the event has none. */
  readonly text: string;
  readonly textTruncated: boolean;
  /** The paths that were used, where the others are other names (FLAG_OTHER_NAME); else, and where too long, empty. */
  readonly usedPath: string;
  readonly usedDestination: string;
}

export interface ForkRecord extends RecordHeader {
  readonly kind: "fork";
  /** Of the process that called fork; with CLONE_PARENT it is not the parent. */
  readonly forkerStartNs: bigint;
  readonly forkerTgid: number;
}

export interface ExecRecord extends RecordHeader {
  readonly kind: "exec";
  readonly path: string;
  readonly pathTruncated: boolean;
  /** argv, argv[0] included; the last one is cut short when `argsTruncated`. */
  readonly args: readonly string[];
  readonly argsTruncated: boolean;
}

export interface ExitRecord extends RecordHeader {
  readonly kind: "exit";
}

export type DecodedRecord = FileEvent | ForkRecord | ExecRecord | ExitRecord;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** @returns the next multiple of 8 */
export function pad8(bytes: number): number {
  return (bytes + 7) & ~7;
}

/**
 * @param bytes holds the record; the bytes after it are ignored
 * @param offset of the record's first byte, the ring header not included
 * @throws MalformedRecordError
 */
export function decodeRecord(bytes: Uint8Array, offset = 0): DecodedRecord {
  const header = decodeHeader(bytes, offset);
  const record = bytes.subarray(offset, offset + header.size);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (header.type >= r.EVENT_OPEN && header.type <= r.EVENT_CHDIR) return decodeFile(header, view, record, offset);
  switch (header.type) {
    case r.PROCESS_FORK:
      requireBytes(header, r.FORK_BYTES, offset);
      return {
        kind: "fork",
        ...header,
        forkerStartNs: view.getBigUint64(r.FORK_FORKER_START_NS, true),
        forkerTgid: view.getUint32(r.FORK_FORKER_TGID, true),
      };
    case r.PROCESS_EXEC:
      return decodeExec(header, view, record, offset);
    case r.PROCESS_EXIT:
      return { kind: "exit", ...header };
    default:
      throw new MalformedRecordError("type", offset, `type ${header.type} is none that this version knows`);
  }
}

function decodeHeader(bytes: Uint8Array, offset: number): RecordHeader {
  const available = bytes.byteLength - offset;
  if (!Number.isInteger(offset) || offset < 0 || available < r.RECORD_HEADER_BYTES)
    throw new MalformedRecordError("short", offset, `${available} bytes left, a header has ${r.RECORD_HEADER_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, available);
  const u32 = (at: number): number => view.getUint32(at, true);
  const size = u32(r.RECORD_SIZE);
  if (size < r.RECORD_HEADER_BYTES || size > available || size % 8 !== 0)
    throw new MalformedRecordError(
      "size",
      offset,
      `size ${size}, expected a multiple of 8 from ${r.RECORD_HEADER_BYTES} to ${available}`,
    );
  return {
    size,
    type: view.getUint16(r.RECORD_TYPE, true),
    flags: view.getUint16(r.RECORD_FLAGS, true),
    timeNs: view.getBigUint64(r.RECORD_TIME_NS, true),
    tenants: view.getBigUint64(r.RECORD_TENANTS, true),
    generation: u32(r.RECORD_GENERATION),
    retval: view.getInt32(r.RECORD_RETVAL, true),
    processStartNs: view.getBigUint64(r.RECORD_PROCESS_START_NS, true),
    cgroupId: view.getBigUint64(r.RECORD_CGROUP_ID, true),
    tgid: u32(r.RECORD_TGID),
    tid: u32(r.RECORD_TID),
    ppid: u32(r.RECORD_PPID),
    uid: u32(r.RECORD_UID),
    gid: u32(r.RECORD_GID),
    euid: u32(r.RECORD_EUID),
    egid: u32(r.RECORD_EGID),
    fsuid: u32(r.RECORD_FSUID),
    fsgid: u32(r.RECORD_FSGID),
    auid: u32(r.RECORD_AUID),
    mountNs: u32(r.RECORD_MOUNT_NS),
    pidNs: u32(r.RECORD_PID_NS),
    comm: untilNul(bytes.subarray(offset + r.RECORD_COMM, offset + r.RECORD_COMM + r.COMM_BYTES)),
  };
}

function decodeFile(header: RecordHeader, view: DataView, record: Uint8Array, offset: number): FileEvent {
  requireBytes(header, r.FILE_PATHS, offset);
  const pathBytes = view.getUint16(r.FILE_PATH_LEN, true);
  const destBytes = view.getUint16(r.FILE_DEST_LEN, true);
  const textBytes = view.getUint16(r.FILE_TEXT_LEN, true);
  const destAt = r.FILE_PATHS + pad8(pathBytes);
  const textAt = destAt + pad8(destBytes);
  const usedBytes = view.getUint16(r.FILE_USED_LEN, true);
  const usedDestBytes = view.getUint16(r.FILE_USED_DEST_LEN, true);
  const usedAt = textAt + pad8(textBytes);
  const usedDestAt = usedAt + pad8(usedBytes);
  for (const length of [pathBytes, destBytes, usedBytes, usedDestBytes])
    if (length > r.PATH_BYTES_MAX)
      throw new MalformedRecordError("path", offset, `path of ${length} bytes, at most ${r.PATH_BYTES_MAX}`);
  if (textBytes > r.TEXT_BYTES_MAX)
    throw new MalformedRecordError("text", offset, `text of ${textBytes} bytes, at most ${r.TEXT_BYTES_MAX}`);
  if (usedDestAt + pad8(usedDestBytes) > header.size)
    throw new MalformedRecordError(
      "path",
      offset,
      `paths of ${[pathBytes, destBytes, usedBytes, usedDestBytes].join(", ")} and text of ${textBytes} bytes do not fit in ${header.size}`,
    );
  const path = record.slice(r.FILE_PATHS, r.FILE_PATHS + pathBytes);
  const destination = record.slice(destAt, destAt + destBytes);
  return {
    kind: "file",
    ...header,
    inode: view.getBigUint64(r.FILE_INODE, true),
    dev: view.getUint32(r.FILE_DEV, true),
    mountId: view.getUint32(r.FILE_MOUNT_ID, true),
    mode: view.getUint32(r.FILE_MODE, true),
    fileUid: view.getUint32(r.FILE_UID, true),
    fileGid: view.getUint32(r.FILE_GID, true),
    opFlags: view.getUint32(r.FILE_OP_FLAGS, true),
    opMode: view.getUint32(r.FILE_OP_MODE, true),
    opUid: view.getUint32(r.FILE_OP_UID, true),
    opGid: view.getUint32(r.FILE_OP_GID, true),
    mtimeNs: view.getBigUint64(r.FILE_MTIME_NS, true),
    ctimeNs: view.getBigUint64(r.FILE_CTIME_NS, true),
    directoryKey: view.getBigUint64(r.FILE_DIRECTORY_KEY, true),
    filesystem: untilNul(record.subarray(r.FILE_FILESYSTEM, r.FILE_FILESYSTEM + r.FILESYSTEM_BYTES)),
    path: utf8.decode(path),
    pathBytes: path,
    pathTruncated: (header.flags & r.FLAG_PATH_TRUNCATED) !== 0,
    destination: utf8.decode(destination),
    destinationBytes: destination,
    destinationTruncated: (header.flags & r.FLAG_DEST_TRUNCATED) !== 0,
    text: utf8.decode(record.subarray(textAt, textAt + textBytes)),
    textTruncated: (header.flags & r.FLAG_TEXT_TRUNCATED) !== 0,
    usedPath: utf8.decode(record.subarray(usedAt, usedAt + usedBytes)),
    usedDestination: utf8.decode(record.subarray(usedDestAt, usedDestAt + usedDestBytes)),
  };
}

function decodeExec(header: RecordHeader, view: DataView, record: Uint8Array, offset: number): ExecRecord {
  requireBytes(header, r.EXEC_PATH, offset);
  const pathBytes = view.getUint16(r.EXEC_PATH_LEN, true);
  const argsBytes = view.getUint16(r.EXEC_ARGS_LEN, true);
  if (pathBytes > r.PATH_BYTES_MAX)
    throw new MalformedRecordError("path", offset, `path of ${pathBytes} bytes, at most ${r.PATH_BYTES_MAX}`);
  const argsAt = r.EXEC_PATH + pad8(pathBytes);
  if (argsBytes > r.ARGS_BYTES_MAX || argsAt + pad8(argsBytes) > header.size)
    throw new MalformedRecordError(
      "arguments",
      offset,
      `arguments of ${argsBytes} bytes after a path of ${pathBytes} do not fit in ${header.size} (at most ${r.ARGS_BYTES_MAX})`,
    );
  return {
    kind: "exec",
    ...header,
    path: utf8.decode(record.subarray(r.EXEC_PATH, r.EXEC_PATH + pathBytes)),
    pathTruncated: (header.flags & r.FLAG_PATH_TRUNCATED) !== 0,
    args: argumentsOf(record.subarray(argsAt, argsAt + argsBytes)),
    argsTruncated: (header.flags & r.FLAG_ARGS_TRUNCATED) !== 0,
  };
}

function requireBytes(header: RecordHeader, bytes: number, offset: number): void {
  if (header.size < bytes)
    throw new MalformedRecordError(
      "short",
      offset,
      `size ${header.size}, a record of type ${header.type} has at least ${bytes}`,
    );
}

/** The bytes up to the first NUL. */
function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Every argument ends with a NUL; a last one without it was cut short and is kept. */
function argumentsOf(bytes: Uint8Array): string[] {
  const args: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    const nul = bytes.indexOf(0, start);
    const end = nul === -1 ? bytes.length : nul;
    args.push(utf8.decode(bytes.subarray(start, end)));
    start = end + 1;
  }
  return args;
}
