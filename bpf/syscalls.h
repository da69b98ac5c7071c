/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The file system calls, and where each has what in its arguments. Numbers and registers are in syscalls/. */
#pragma once

#define SYSCALLS  512
#define ARGUMENTS 5

/* The same everywhere. */
#define NR_move_mount	 429
#define NR_openat2	 437
#define NR_pidfd_getfd	 438
#define NR_fchmodat2	 452
#define NR_setxattrat	 463
#define NR_removexattrat 466
#define NR_file_setattr	 469

/* With the number that a 32-bit call has here. */
#define COMPAT_NUMBER 0x1fff
#define COMPAT_SOCKETCALL \
	0x1000 /* the first argument says which call, the second has its arguments */
#define COMPAT_RETURNS	 0x2000 /* more than 0 */
#define COMPAT_SHORT_IDS 0x8000 /* user and group have 16 bits */

#if defined(__TARGET_ARCH_x86)
#include "syscalls/x86.h"
#elif defined(__TARGET_ARCH_arm64)
#include "syscalls/arm64.h"
#endif

/* Whether a call follows a symbolic link at the end of its path. */
#define FOLLOWS_NEVER  0
#define FOLLOWS_ALWAYS 1
#define FOLLOWS_UNLESS 2 /* AT_SYMLINK_NOFOLLOW is in its AT_* flags */
#define FOLLOWS_IF     3 /* AT_SYMLINK_FOLLOW is */

/* The arguments of a call, counted from 1; 0: it has none of that. */
struct shape {
	union {
		__u32 concerns; /* 0: as neither */
		struct {
			__u8 type;  /* of its events; 0: it makes none */
			__u8 opens; /* returns a descriptor of what it opened */
			__u16 compat; /* the call that has this number in 32-bit programs, if it makes any */
		};
	};
	__u8 fd;   /* without: the working directory */
	__u8 name; /* without, or where it is NULL: the descriptor itself */
	__u8 dest_fd;
	__u8 dest_name;
	__u8 flags;
	__u8 mode;
	__u8 owner; /* the group follows */
	__u8 text;
	__u8 at_flags; /* AT_* */
	__u8 follows;
};

static const struct shape shapes[SYSCALLS] = {
#ifdef NR_open
	[NR_open] = { .type = EVENT_OPEN, .name = 1, .flags = 2, .mode = 3, .opens = true },
	[NR_creat] = { .type = EVENT_OPEN, .name = 1, .mode = 2, .opens = true },
	[NR_mknod] = { .type = EVENT_OPEN, .name = 1, .mode = 2 },
	[NR_symlink] = { .type = EVENT_LINK, .name = 1, .dest_name = 2 },
	[NR_rename] = { .type = EVENT_RENAME, .name = 1, .dest_name = 2 },
	[NR_mkdir] = { .type = EVENT_MKDIR, .name = 1, .mode = 2 },
	[NR_rmdir] = { .type = EVENT_RMDIR, .name = 1 },
	[NR_link] = { .type = EVENT_LINK, .name = 1, .dest_name = 2 },
	[NR_unlink] = { .type = EVENT_UNLINK, .name = 1 },
	[NR_chmod] = { .type = EVENT_CHMOD, .name = 1, .mode = 2, .follows = FOLLOWS_ALWAYS },
	[NR_chown] = { .type = EVENT_CHOWN, .name = 1, .owner = 2, .follows = FOLLOWS_ALWAYS },
	[NR_lchown] = { .type = EVENT_CHOWN, .name = 1, .owner = 2 },
	[NR_utime] = { .type = EVENT_UTIMES, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_utimes] = { .type = EVENT_UTIMES, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_futimesat] = { .type = EVENT_UTIMES, .fd = 1, .name = 2, .follows = FOLLOWS_ALWAYS },
#endif
	[NR_openat] = { .type = EVENT_OPEN,
			.fd = 1,
			.name = 2,
			.flags = 3,
			.mode = 4,
			.opens = true },
	[NR_openat2] = { .type = EVENT_OPEN, .fd = 1, .name = 2, .opens = true },
	[NR_open_by_handle_at] = { .type = EVENT_OPEN, .flags = 3, .opens = true },
	[NR_truncate] = { .type = EVENT_OPEN, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_mknodat] = { .type = EVENT_OPEN, .fd = 1, .name = 2, .mode = 3 },
	[NR_bind] = { .type = EVENT_OPEN },
	[NR_pidfd_getfd] = { .type = EVENT_OPEN },
	[NR_recvmsg] = { .type = EVENT_OPEN },
	[NR_recvmmsg] = { .type = EVENT_OPEN },
	[NR_unlinkat] = { .type = EVENT_UNLINK, .fd = 1, .name = 2 },
	[NR_renameat] = { .type = EVENT_RENAME, .fd = 1, .name = 2, .dest_fd = 3, .dest_name = 4 },
	[NR_renameat2] = { .type = EVENT_RENAME,
			   .fd = 1,
			   .name = 2,
			   .dest_fd = 3,
			   .dest_name = 4,
			   .flags = 5 },
	[NR_mkdirat] = { .type = EVENT_MKDIR, .fd = 1, .name = 2, .mode = 3 },
	[NR_linkat] = { .type = EVENT_LINK,
			.fd = 1,
			.name = 2,
			.dest_fd = 3,
			.dest_name = 4,
			.at_flags = 5,
			.follows = FOLLOWS_IF },
	/* The source is what the link says. */
	[NR_symlinkat] = { .type = EVENT_LINK, .name = 1, .dest_fd = 2, .dest_name = 3 },
	[NR_fchmod] = { .type = EVENT_CHMOD, .fd = 1, .mode = 2 },
	[NR_fchmodat] = { .type = EVENT_CHMOD,
			  .fd = 1,
			  .name = 2,
			  .mode = 3,
			  .follows = FOLLOWS_ALWAYS },
	[NR_fchmodat2] = { .type = EVENT_CHMOD,
			   .fd = 1,
			   .name = 2,
			   .mode = 3,
			   .at_flags = 4,
			   .follows = FOLLOWS_UNLESS },
	[NR_fchown] = { .type = EVENT_CHOWN, .fd = 1, .owner = 2 },
	[NR_fchownat] = { .type = EVENT_CHOWN,
			  .fd = 1,
			  .name = 2,
			  .owner = 3,
			  .at_flags = 5,
			  .follows = FOLLOWS_UNLESS },
	[NR_utimensat] = { .type = EVENT_UTIMES,
			   .fd = 1,
			   .name = 2,
			   .at_flags = 4,
			   .follows = FOLLOWS_UNLESS },
	[NR_setxattr] = { .type = EVENT_SETXATTR,
			  .name = 1,
			  .text = 2,
			  .flags = 5,
			  .follows = FOLLOWS_ALWAYS },
	[NR_lsetxattr] = { .type = EVENT_SETXATTR, .name = 1, .text = 2, .flags = 5 },
	[NR_fsetxattr] = { .type = EVENT_SETXATTR, .fd = 1, .text = 2, .flags = 5 },
	[NR_setxattrat] = { .type = EVENT_SETXATTR,
			    .fd = 1,
			    .name = 2,
			    .at_flags = 3,
			    .text = 4,
			    .follows = FOLLOWS_UNLESS },
	[NR_file_setattr] = { .type = EVENT_SETXATTR,
			      .fd = 1,
			      .name = 2,
			      .at_flags = 5,
			      .follows = FOLLOWS_UNLESS },
	[NR_ioctl] = { .type = EVENT_SETXATTR, .fd = 1 },
	[NR_removexattr] = { .type = EVENT_REMOVEXATTR,
			     .name = 1,
			     .text = 2,
			     .follows = FOLLOWS_ALWAYS },
	[NR_lremovexattr] = { .type = EVENT_REMOVEXATTR, .name = 1, .text = 2 },
	[NR_fremovexattr] = { .type = EVENT_REMOVEXATTR, .fd = 1, .text = 2 },
	[NR_removexattrat] = { .type = EVENT_REMOVEXATTR,
			       .fd = 1,
			       .name = 2,
			       .at_flags = 3,
			       .text = 4,
			       .follows = FOLLOWS_UNLESS },
	[NR_mount] = { .type = EVENT_MOUNT, .name = 2, .follows = FOLLOWS_ALWAYS },
	[NR_move_mount] = { .type = EVENT_MOUNT, .fd = 3, .name = 4, .follows = FOLLOWS_ALWAYS },
	[NR_umount2] = { .type = EVENT_UMOUNT, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_splice] = { .type = EVENT_SPLICE },
	[NR_chdir] = { .type = EVENT_CHDIR, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_fchdir] = { .type = EVENT_CHDIR, .fd = 1 },
	COMPAT_CALLS
};
