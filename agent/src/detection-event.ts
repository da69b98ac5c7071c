/** What a detection says of the operation itself, by type of event. */
import {
  EVENT_CHMOD,
  EVENT_CHOWN,
  EVENT_MKDIR,
  EVENT_MOUNT,
  EVENT_OPEN,
  EVENT_REMOVEXATTR,
  EVENT_RENAME,
  EVENT_SETXATTR,
  EVENT_SPLICE,
  EVENT_UNLINK,
  type FileEvent,
  FLAG_CREATED,
  FLAG_RESOLVED_AT_SYSCALL,
  ID_UNCHANGED,
} from "@weir/matcher-wasm/format";
import type { EventContext } from "./match/context/context.ts";
import { type ExitStatus, exitStatus } from "./match/context/event.ts";

export interface EventDescription {
  readonly type: string;
  /** 0, or the negative errno of a failed operation; of exit 0. */
  readonly retval: number;
  /** open: O_*, unlink: AT_*, rename: RENAME_*, setxattr: XATTR_* */
  readonly flags?: readonly string[];
  /** open: the call created the file. */
  readonly created?: boolean;
  /** chmod, mkdir, and open when it created the file. */
  readonly new_mode?: string;
  /** chown: absent where it stays as it is, names where there is none. */
  readonly new_uid?: number;
  readonly new_gid?: number;
  readonly new_user?: string;
  readonly new_group?: string;
  /** setxattr, removexattr */
  readonly attribute?: string;
  readonly attribute_truncated?: boolean;
  readonly mount?: {
    readonly filesystem: string;
    /** What was mounted, as path in its file system. */
    readonly root: string;
    readonly root_truncated: boolean;
    /** Of a bind mount. */
    readonly source?: string;
    readonly source_truncated?: boolean;
  };
  /** splice: PIPE_BUF_FLAG_* of the first buffer of the pipe read from, and the last of the pipe written to. */
  readonly pipe_entry_flags?: readonly string[];
  readonly pipe_exit_flags?: readonly string[];
  readonly exit?: ExitStatus;
  /** `object`: from the kernel's own objects; `syscall`: from the arguments of the call. */
  readonly resolution: "object" | "syscall";
}

type FlagNames = readonly (readonly [name: string, bits: number])[];

/** Names of open flags; O_RDONLY is the absence of the other access modes. Values: asm-generic/fcntl.h. */
const OPEN_FLAGS: FlagNames = [
  ["O_WRONLY", 0o1],
  ["O_RDWR", 0o2],
  ["O_CREAT", 0o100],
  ["O_EXCL", 0o200],
  ["O_NOCTTY", 0o400],
  ["O_TRUNC", 0o1000],
  ["O_APPEND", 0o2000],
  ["O_NONBLOCK", 0o4000],
  ["O_DSYNC", 0o10000],
  ["O_DIRECT", process.arch === "arm64" ? 0o200000 : 0o40000],
  ["O_DIRECTORY", process.arch === "arm64" ? 0o40000 : 0o200000],
  ["O_NOFOLLOW", process.arch === "arm64" ? 0o100000 : 0o400000],
  ["O_CLOEXEC", 0o2000000],
  ["O_PATH", 0o10000000],
];
const UNLINK_FLAGS: FlagNames = [["AT_REMOVEDIR", 0x200]];
const RENAME_FLAGS: FlagNames = [
  ["RENAME_NOREPLACE", 1],
  ["RENAME_EXCHANGE", 2],
  ["RENAME_WHITEOUT", 4],
];
const XATTR_FLAGS: FlagNames = [
  ["XATTR_CREATE", 1],
  ["XATTR_REPLACE", 2],
];
/** include/linux/pipe_fs_i.h */
const PIPE_FLAGS: FlagNames = [
  ["PIPE_BUF_FLAG_LRU", 0x01],
  ["PIPE_BUF_FLAG_ATOMIC", 0x02],
  ["PIPE_BUF_FLAG_GIFT", 0x04],
  ["PIPE_BUF_FLAG_PACKET", 0x08],
  ["PIPE_BUF_FLAG_CAN_MERGE", 0x10],
  ["PIPE_BUF_FLAG_WHOLE", 0x20],
  ["PIPE_BUF_FLAG_LOSS", 0x40],
];

const namesIn = (table: FlagNames, flags: number): string[] =>
  table.filter(([, bits]) => (flags & bits) !== 0).map(([name]) => name);

export function openFlagNames(flags: number): string[] {
  const names = namesIn(OPEN_FLAGS, flags);
  return (flags & 3) === 0 ? ["O_RDONLY", ...names] : names;
}

export const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

function describeOwner(record: FileEvent, event: EventContext): Partial<EventDescription> {
  const { opUid, opGid } = record;
  const user = opUid === ID_UNCHANGED ? undefined : event.nameOf("user", opUid);
  const group = opGid === ID_UNCHANGED ? undefined : event.nameOf("group", opGid);
  return {
    ...(opUid === ID_UNCHANGED ? {} : { new_uid: opUid }),
    ...(opGid === ID_UNCHANGED ? {} : { new_gid: opGid }),
    ...(user ? { new_user: user } : {}),
    ...(group ? { new_group: group } : {}),
  };
}

function describeMount(record: FileEvent): Partial<EventDescription> {
  const { filesystem, text: root, textTruncated, destination, destinationTruncated } = record;
  const source = destination === "" ? {} : { source: destination, source_truncated: destinationTruncated };
  return { mount: { filesystem, root, root_truncated: textTruncated, ...source } };
}

function describeOperation(record: FileEvent, event: EventContext): Partial<EventDescription> {
  const { opFlags, opMode } = record;
  switch (record.type) {
    case EVENT_OPEN: {
      const created = (record.flags & FLAG_CREATED) !== 0;
      return { flags: openFlagNames(opFlags), created, ...(created ? { new_mode: octal(opMode) } : {}) };
    }
    case EVENT_UNLINK:
      return { flags: namesIn(UNLINK_FLAGS, opFlags) };
    case EVENT_RENAME:
      return { flags: namesIn(RENAME_FLAGS, opFlags) };
    case EVENT_CHMOD:
    case EVENT_MKDIR:
      return { new_mode: octal(opMode) };
    case EVENT_CHOWN:
      return describeOwner(record, event);
    case EVENT_SETXATTR:
      return {
        attribute: record.text,
        attribute_truncated: record.textTruncated,
        flags: namesIn(XATTR_FLAGS, opFlags),
      };
    case EVENT_REMOVEXATTR:
      return { attribute: record.text, attribute_truncated: record.textTruncated };
    case EVENT_MOUNT:
      return describeMount(record);
    case EVENT_SPLICE:
      return { pipe_entry_flags: namesIn(PIPE_FLAGS, opFlags), pipe_exit_flags: namesIn(PIPE_FLAGS, opMode) };
    default:
      return {};
  }
}

export function describeEvent(event: EventContext, type: string): EventDescription {
  const { record } = event;
  return {
    type,
    retval: record.kind === "exit" ? 0 : record.retval,
    ...(record.kind === "file" ? describeOperation(record, event) : {}),
    ...(record.kind === "exit" ? { exit: exitStatus(record.retval) } : {}),
    resolution: record.flags & FLAG_RESOLVED_AT_SYSCALL ? "syscall" : "object",
  };
}
