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
 *      28 i32 retval    0 or -errno                 140 u32 op_flags  open: f_flags, rename: RENAME_*
 *      32 u64 process_start_ns  CLOCK_BOOTTIME      144 u32 op_mode   chmod: the new mode
 *      40 u64 cgroup_id                             148 u16 path_len  bytes
 *      48 u32 tgid      initial pid namespace       150 u16 dest_len  bytes, 0 where there is none
 *      52 u32 tid                                   152 path, padded with NUL to a multiple of 8,
 *      56 u32 ppid      tgid of the parent              then the destination path, padded likewise
 *      60 u32 uid
 *      64 u32 gid                                   exec goes on with
 *      68 u32 euid                                  112 u16 path_len  of the executable
 *      72 u32 egid                                  114 u16 args_len  argv, each argument NUL-ended
 *      76 u32 fsuid                                 116 u32 reserved
 *      80 u32 fsgid                                 120 path, padded; then the arguments, padded
 *      84 u32 auid      0xffffffff: unset
 *      88 u32 mount_ns  inode number                fork goes on with
 *      92 u32 pid_ns    inode number                112 u64 forker_start_ns  of the process that called
 *      96 u8[16] comm   NUL-padded                  120 u32 forker_tgid      fork (CLONE_PARENT: not ppid)
 *     112                                           124 u32 reserved
 *                                                   exit goes on with nothing; retval is its code
 */

/** Version of this layout and of the matcher's exports; both ends refuse another one. */
export const ABI_VERSION = 1;

export const EVENT_OPEN = 1;
export const EVENT_UNLINK = 2;
export const EVENT_RENAME = 3;
export const EVENT_CHMOD = 4;
/** File event types lie in 1 … EVENT_TYPE_MAX; the kernel's per-type tables have EVENT_TYPE_MAX + 1 rows. */
export const EVENT_TYPE_MAX = 31;

export const PROCESS_FORK = 32;
export const PROCESS_EXEC = 33;
export const PROCESS_EXIT = 34;

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
/** The event was resolved without the file itself: inode, dev, mount_id, mode, uid and gid are not known. */
export const FLAG_ATTRIBUTES_UNKNOWN = 32;

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
export const FILE_PATH_LEN = 148;
export const FILE_DEST_LEN = 150;
export const FILE_PATHS = 152;

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
