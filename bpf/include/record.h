/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Records of the ring buffer. The layout is described in matcher-wasm/format/record.ts, which is the
 * other side of this ABI; agent/src/kernel/abi.test.ts compares the two through BTF.
 */
#pragma once

#include <linux/types.h>

#define EVENT_OPEN	  1
#define EVENT_UNLINK	  2
#define EVENT_RENAME	  3
#define EVENT_CHMOD	  4
#define EVENT_CHOWN	  5
#define EVENT_LINK	  6
#define EVENT_MKDIR	  7
#define EVENT_RMDIR	  8
#define EVENT_UTIMES	  9
#define EVENT_SETXATTR	  10
#define EVENT_REMOVEXATTR 11
#define EVENT_MOUNT	  12
#define EVENT_UMOUNT	  13
#define EVENT_SPLICE	  14
#define EVENT_CHDIR	  15

#define PROCESS_FORK 32
#define PROCESS_EXEC 33
#define PROCESS_EXIT 34

#define EVENT_TYPES 64 /* all types are below it */

#define FLAG_PATH_TRUNCATED	 1
#define FLAG_DEST_TRUNCATED	 2
#define FLAG_RESOLVED_AT_SYSCALL 4
#define FLAG_CREATED		 8
#define FLAG_ARGS_TRUNCATED	 16
#define FLAG_ATTRIBUTES_UNKNOWN	 32
#define FLAG_IN_UPPER_LAYER	 64
#define FLAG_TEXT_TRUNCATED	 128
#define FLAG_OTHER_NAME		 256
#define FLAG_KEPT_NAME		 512

#define PATH_BYTES_MAX	 4095
#define PATH_DEPTH_MAX	 128
#define TEXT_BYTES_MAX	 1023
#define USED_BYTES_MAX	 2047
#define ARGS_BYTES_MAX	 2048
#define COMM_BYTES	 16
#define FILESYSTEM_BYTES 16

#define ID_UNCHANGED 0xffffffff

struct record {
	__u32 size;
	__u16 type;
	__u16 flags;
	__u64 time_ns;
	__u64 tenants;
	__u32 generation;
	__s32 retval;
	__u64 process_start_ns;
	__u64 cgroup_id;
	__u32 tgid;
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 fsuid;
	__u32 fsgid;
	__u32 auid;
	__u32 mount_ns;
	__u32 pid_ns;
	char comm[COMM_BYTES];
};

struct file_record {
	struct record head;
	__u64 inode;
	__u32 dev;
	__u32 mount_id;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 op_flags;
	__u32 op_mode;
	__u32 op_uid;
	__u32 op_gid;
	__u16 path_len;
	__u16 dest_len;
	__u64 mtime_ns;
	__u64 ctime_ns;
	char filesystem[FILESYSTEM_BYTES];
	__u16 text_len;
	__u16 used_len;
	__u16 used_dest_len;
	__u16 reserved;
	__u64 directory_key; /* see struct discarder_key; 0: none */
};

struct exec_record {
	struct record head;
	__u16 path_len;
	__u16 args_len;
	__u32 reserved;
};

struct fork_record {
	struct record head;
	__u64 forker_start_ns;
	__u32 forker_tgid;
	__u32 reserved;
};
