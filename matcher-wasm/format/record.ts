/**
 * Layout of the records that the kernel stage writes into the ring buffer.
 *
 * The one definition for TypeScript and AssemblyScript; `bpf/include/record.h` is the C side, and
 * `agent/src/kernel/abi.test.ts` compares both through BTF. Plain integer constants only: this file compiles under asc and
 * Node alike, so it imports nothing. All values are little endian, every record is a multiple of 8 bytes
 * long and starts at a multiple of 8.
 *
 *     every record                                  a file event goes on with
 *       0 u32 size      bytes, header included      112 u64 inode
 *       4 u16 type      EVENT_* or PROCESS_*        120 u32 dev       new_encode_dev()
 *       6 u16 flags     FLAG_*                      124 u32 mount_id
 *       8 u64 time_ns   CLOCK_BOOTTIME              128 u32 mode      st_mode, type bits included
 *      16 u64 tenants   bit t: tenant slot t        132 u32 uid       owner of the file
 *      24 u32 generation                            136 u32 gid
 *      28 i32 retval    0 or -errno                 140 u32 op_flags  open: f_flags, rename: RENAME_*, unlink: AT_*,
 *      32 u64 process_start_ns  CLOCK_BOOTTIME                        setxattr: XATTR_*, splice: of the pipe read from
 *      40 u64 cgroup_id                             144 u32 op_mode   chmod, mkdir, open: the mode asked for,
 *      48 u32 tgid      initial pid namespace                         splice: flags of the pipe written to
 *      52 u32 tid                                   148 u32 op_uid    chown: the new owner, ID_UNCHANGED: none
 *      56 u32 ppid      tgid of the parent          152 u32 op_gid    likewise
 *      60 u32 uid                                   156 u16 path_len  bytes
 *      64 u32 gid                                   158 u16 dest_len  bytes, 0 where there is none
 *      68 u32 euid                                  160 u64 mtime_ns  CLOCK_REALTIME, before the operation
 *      72 u32 egid                                  168 u64 ctime_ns  likewise
 *      76 u32 fsuid                                 176 u8[16] filesystem  name of its type, NUL-padded
 *      80 u32 fsgid                                 192 u16 text_len  bytes of the third text: xattr: its name,
 *      84 u32 auid      0xffffffff: unset                             mount: what is mounted, as path in its filesystem
 *      88 u32 mount_ns  inode number                194 u16 used_len  with FLAG_OTHER_NAME: bytes of the path that was
 *      92 u32 pid_ns    inode number                        used, and 196 u16 used_dest_len, of the destination
 *      96 u8[16] comm   NUL-padded                  198 u16 reserved
 *     112                                           200 u64 directory_key  of the file's directory, for the kernel
 *                                                           stage's discarders; 0: none
 *     fork goes on with                             208 path, padded, then the destination path, the text, and the
 *     112 u64 forker_start_ns  of the process           paths that were used
 *         that called fork (CLONE_PARENT: not ppid) exec goes on with
 *     120 u32 forker_tgid                           112 u16 path_len  of the executable
 *     124 u32 reserved                              114 u16 args_len  argv, each argument NUL-ended
 *                                                   116 u32 reserved
 *                                                   120 path, padded; then the arguments, padded
 *                                                   exit goes on with nothing; retval is its code
 */

/** Version of this layout and of the matcher's exports; both ends refuse another one. */
export const ABI_VERSION = 3;

export const EVENT_OPEN = 1;
export const EVENT_UNLINK = 2;
export const EVENT_RENAME = 3;
export const EVENT_CHMOD = 4;
export const EVENT_CHOWN = 5;
export const EVENT_LINK = 6;
export const EVENT_MKDIR = 7;
export const EVENT_RMDIR = 8;
export const EVENT_UTIMES = 9;
export const EVENT_SETXATTR = 10;
export const EVENT_REMOVEXATTR = 11;
export const EVENT_MOUNT = 12;
export const EVENT_UMOUNT = 13;
export const EVENT_SPLICE = 14;
export const EVENT_CHDIR = 15;
/** File event types lie in 1 … FILE_TYPE_MAX. */
export const FILE_TYPE_MAX = 31;

/** The life of processes. The agent gets all of it; rules may judge exec and exit. */
export const PROCESS_FORK = 32;
export const PROCESS_EXEC = 33;
export const PROCESS_EXIT = 34;
/** All types that rules judge lie in 1 … EVENT_TYPE_MAX; tables per type have EVENT_TYPE_MAX + 1 rows. */
export const EVENT_TYPE_MAX = 63;

/** The path is incomplete: too deep, too long, or a part was unreadable. Its predicates are undecided. */
export const FLAG_PATH_TRUNCATED = 1;
/** The same for the destination path. */
export const FLAG_DEST_TRUNCATED = 2;
/** The path was resolved at the syscall, from its arguments, not from the kernel's own objects. */
export const FLAG_RESOLVED_AT_SYSCALL = 4;
/** open: the call created the file. */
export const FLAG_CREATED = 8;
/** exec: more arguments than the record holds. */
export const FLAG_ARGS_TRUNCATED = 16;
/** The event was resolved without the file itself: inode to gid, mtime_ns to filesystem are not known. */
export const FLAG_ATTRIBUTES_UNKNOWN = 32;
/** The file lies in the upper layer of an overlay. */
export const FLAG_IN_UPPER_LAYER = 64;
/** The text is incomplete. */
export const FLAG_TEXT_TRUNCATED = 128;
/**
 * The paths are other names of what the event is about: by another mount of its file system, or another hard link. A
 * record of the same thread and time, with the paths that were used, precedes this one if it passed the kernel stage.
 */
export const FLAG_OTHER_NAME = 256;
/** With FLAG_OTHER_NAME: a hard link by a name that the agent keeps, which may have become another file's. */
export const FLAG_KEPT_NAME = 512;

export const RECORD_SIZE = 0;
export const RECORD_TYPE = 4;
export const RECORD_FLAGS = 6;
export const RECORD_TIME_NS = 8;
export const RECORD_TENANTS = 16;
export const RECORD_GENERATION = 24;
export const RECORD_RETVAL = 28;
export const RECORD_PROCESS_START_NS = 32;
export const RECORD_CGROUP_ID = 40;
export const RECORD_TGID = 48;
export const RECORD_TID = 52;
export const RECORD_PPID = 56;
export const RECORD_UID = 60;
export const RECORD_GID = 64;
export const RECORD_EUID = 68;
export const RECORD_EGID = 72;
export const RECORD_FSUID = 76;
export const RECORD_FSGID = 80;
export const RECORD_AUID = 84;
export const RECORD_MOUNT_NS = 88;
export const RECORD_PID_NS = 92;
export const RECORD_COMM = 96;
export const RECORD_HEADER_BYTES = 112;
export const COMM_BYTES = 16;

export const FILE_INODE = 112;
export const FILE_DEV = 120;
export const FILE_MOUNT_ID = 124;
export const FILE_MODE = 128;
export const FILE_UID = 132;
export const FILE_GID = 136;
export const FILE_OP_FLAGS = 140;
export const FILE_OP_MODE = 144;
export const FILE_OP_UID = 148;
export const FILE_OP_GID = 152;
export const FILE_PATH_LEN = 156;
export const FILE_DEST_LEN = 158;
export const FILE_MTIME_NS = 160;
export const FILE_CTIME_NS = 168;
export const FILE_FILESYSTEM = 176;
export const FILE_TEXT_LEN = 192;
export const FILE_USED_LEN = 194;
export const FILE_USED_DEST_LEN = 196;
export const FILE_DIRECTORY_KEY = 200;
export const FILE_PATHS = 208;
export const FILESYSTEM_BYTES = 16;
/** op_uid, op_gid: not to be changed. */
export const ID_UNCHANGED = 0xffffffff;

export const EXEC_PATH_LEN = 112;
export const EXEC_ARGS_LEN = 114;
export const EXEC_PATH = 120;

export const FORK_FORKER_START_NS = 112;
export const FORK_FORKER_TGID = 120;
export const FORK_BYTES = 128;

/** Longest path in a record, as PATH_MAX without its NUL; a longer one is truncated. */
export const PATH_BYTES_MAX = 4095;
/** Most components of a path that the kernel stage follows; a deeper one is truncated. */
export const PATH_DEPTH_MAX = 128;
/** Longest text of a file event: XATTR_NAME_MAX is 255; the root of a mount is cut to this. */
export const TEXT_BYTES_MAX = 1023;
/** Longest path that was used, beside another name; a longer one is left out. */
export const USED_BYTES_MAX = 2047;
/** Most bytes of argv in an exec record. */
export const ARGS_BYTES_MAX = 2048;

/**
 * The BPF ring buffer puts 8 bytes in front of each record: u32 length | bits, u32 page offset
 * (include/uapi/linux/bpf.h, BPF_RINGBUF_*). A span as the matcher receives it includes them.
 */
export const RING_HEADER_BYTES = 8;
/** As signed 32-bit value (1 << 31): not yet committed. */
export const RING_BUSY_BIT = 1 << 31;
export const RING_DISCARD_BIT = 1 << 30;
export const RING_LENGTH_MASK = (1 << 30) - 1;
