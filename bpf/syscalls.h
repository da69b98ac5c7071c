/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The file system calls: their numbers and registers by architecture, and where each has what in its arguments.
 */
#pragma once

#include "lib/versions.h"

#if defined(__TARGET_ARCH_x86)

#define NR_open		     2
#define NR_chdir	     80
#define NR_fchdir	     81
#define NR_rename	     82
#define NR_mkdir	     83
#define NR_rmdir	     84
#define NR_creat	     85
#define NR_link		     86
#define NR_unlink	     87
#define NR_chmod	     90
#define NR_fchmod	     91
#define NR_chown	     92
#define NR_fchown	     93
#define NR_lchown	     94
#define NR_utime	     132
#define NR_mount	     165
#define NR_umount2	     166
#define NR_setxattr	     188
#define NR_lsetxattr	     189
#define NR_fsetxattr	     190
#define NR_removexattr	     197
#define NR_lremovexattr	     198
#define NR_fremovexattr	     199
#define NR_utimes	     235
#define NR_openat	     257
#define NR_mkdirat	     258
#define NR_fchownat	     260
#define NR_futimesat	     261
#define NR_unlinkat	     263
#define NR_renameat	     264
#define NR_linkat	     265
#define NR_fchmodat	     268
#define NR_splice	     275
#define NR_utimensat	     280
#define NR_open_by_handle_at 304
#define NR_renameat2	     316

#define TS_COMPAT 2

/* int 0x80 and 32-bit programs have numbers of their own. */
static __always_inline bool syscall_is_32bit(void)
{
	struct task_struct *task = current_task();

	return KNOWN(task, thread_info.status) & TS_COMPAT;
}

/* `regs` is a pointer that the verifier knows: it is read without a helper. */
static __always_inline __u64 syscall_nr(struct pt_regs *regs)
{
	return regs->orig_ax;
}

static __always_inline __u64 syscall_arg(struct pt_regs *regs, int i)
{
	switch (i) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	default:
		return regs->r8;
	}
}

#elif defined(__TARGET_ARCH_arm64)

#define NR_setxattr	     5
#define NR_lsetxattr	     6
#define NR_fsetxattr	     7
#define NR_removexattr	     14
#define NR_lremovexattr	     15
#define NR_fremovexattr	     16
#define NR_mkdirat	     34
#define NR_unlinkat	     35
#define NR_linkat	     37
#define NR_renameat	     38
#define NR_umount2	     39
#define NR_mount	     40
#define NR_chdir	     49
#define NR_fchdir	     50
#define NR_fchmod	     52
#define NR_fchmodat	     53
#define NR_fchownat	     54
#define NR_fchown	     55
#define NR_openat	     56
#define NR_splice	     76
#define NR_utimensat	     88
#define NR_open_by_handle_at 265
#define NR_renameat2	     276

#define TIF_32BIT 22

static __always_inline bool syscall_is_32bit(void)
{
	struct task_struct *task = current_task();

	return KNOWN(task, thread_info.flags) >> TIF_32BIT & 1;
}

static __always_inline __u64 syscall_nr(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline __u64 syscall_arg(struct pt_regs *regs, int i)
{
	return i == 0 ? regs->orig_x0 : regs->regs[i];
}

#endif

/* The same everywhere. */
#define NR_move_mount	 429
#define NR_openat2	 437
#define NR_fchmodat2	 452
#define NR_setxattrat	 463
#define NR_removexattrat 466

#define SYSCALLS  512
#define ARGUMENTS 5

/* Whether a call follows a symbolic link at the end of its path. */
#define FOLLOWS_NEVER  0
#define FOLLOWS_ALWAYS 1
#define FOLLOWS_UNLESS 2 /* AT_SYMLINK_NOFOLLOW is in its AT_* flags */
#define FOLLOWS_IF     3 /* AT_SYMLINK_FOLLOW is */

/* The arguments of a call, counted from 1; 0: it has none of that. */
struct shape {
	__u8 type; /* of its events; 0: it makes none */
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
	[NR_open] = { EVENT_OPEN, .flags = 2, .mode = 3 },
	[NR_creat] = { EVENT_OPEN, .mode = 2 },
	[NR_rename] = { EVENT_RENAME, .name = 1, .dest_name = 2 },
	[NR_mkdir] = { EVENT_MKDIR, .name = 1, .mode = 2 },
	[NR_rmdir] = { EVENT_RMDIR, .name = 1 },
	[NR_link] = { EVENT_LINK, .name = 1, .dest_name = 2 },
	[NR_unlink] = { EVENT_UNLINK, .name = 1 },
	[NR_chmod] = { EVENT_CHMOD, .name = 1, .mode = 2, .follows = FOLLOWS_ALWAYS },
	[NR_chown] = { EVENT_CHOWN, .name = 1, .owner = 2, .follows = FOLLOWS_ALWAYS },
	[NR_lchown] = { EVENT_CHOWN, .name = 1, .owner = 2 },
	[NR_utime] = { EVENT_UTIMES, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_utimes] = { EVENT_UTIMES, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_futimesat] = { EVENT_UTIMES, .fd = 1, .name = 2, .follows = FOLLOWS_ALWAYS },
#endif
	[NR_openat] = { EVENT_OPEN, .flags = 3, .mode = 4 },
	[NR_openat2] = { EVENT_OPEN },
	[NR_open_by_handle_at] = { EVENT_OPEN, .flags = 3 },
	[NR_unlinkat] = { EVENT_UNLINK, .fd = 1, .name = 2 },
	[NR_renameat] = { EVENT_RENAME, .fd = 1, .name = 2, .dest_fd = 3, .dest_name = 4 },
	[NR_renameat2] = { EVENT_RENAME, .fd = 1, .name = 2, .dest_fd = 3, .dest_name = 4,
			   .flags = 5 },
	[NR_mkdirat] = { EVENT_MKDIR, .fd = 1, .name = 2, .mode = 3 },
	[NR_linkat] = { EVENT_LINK, .fd = 1, .name = 2, .dest_fd = 3, .dest_name = 4, .at_flags = 5,
			.follows = FOLLOWS_IF },
	[NR_fchmod] = { EVENT_CHMOD, .fd = 1, .mode = 2 },
	[NR_fchmodat] = { EVENT_CHMOD, .fd = 1, .name = 2, .mode = 3, .follows = FOLLOWS_ALWAYS },
	[NR_fchmodat2] = { EVENT_CHMOD, .fd = 1, .name = 2, .mode = 3, .at_flags = 4,
			   .follows = FOLLOWS_UNLESS },
	[NR_fchown] = { EVENT_CHOWN, .fd = 1, .owner = 2 },
	[NR_fchownat] = { EVENT_CHOWN, .fd = 1, .name = 2, .owner = 3, .at_flags = 5,
			  .follows = FOLLOWS_UNLESS },
	[NR_utimensat] = { EVENT_UTIMES, .fd = 1, .name = 2, .at_flags = 4,
			   .follows = FOLLOWS_UNLESS },
	[NR_setxattr] = { EVENT_SETXATTR, .name = 1, .text = 2, .flags = 5,
			  .follows = FOLLOWS_ALWAYS },
	[NR_lsetxattr] = { EVENT_SETXATTR, .name = 1, .text = 2, .flags = 5 },
	[NR_fsetxattr] = { EVENT_SETXATTR, .fd = 1, .text = 2, .flags = 5 },
	[NR_setxattrat] = { EVENT_SETXATTR, .fd = 1, .name = 2, .at_flags = 3, .text = 4,
			    .follows = FOLLOWS_UNLESS },
	[NR_removexattr] = { EVENT_REMOVEXATTR, .name = 1, .text = 2, .follows = FOLLOWS_ALWAYS },
	[NR_lremovexattr] = { EVENT_REMOVEXATTR, .name = 1, .text = 2 },
	[NR_fremovexattr] = { EVENT_REMOVEXATTR, .fd = 1, .text = 2 },
	[NR_removexattrat] = { EVENT_REMOVEXATTR, .fd = 1, .name = 2, .at_flags = 3, .text = 4,
			       .follows = FOLLOWS_UNLESS },
	[NR_mount] = { EVENT_MOUNT, .name = 2, .follows = FOLLOWS_ALWAYS },
	[NR_move_mount] = { EVENT_MOUNT, .fd = 3, .name = 4, .follows = FOLLOWS_ALWAYS },
	[NR_umount2] = { EVENT_UMOUNT, .name = 1, .follows = FOLLOWS_ALWAYS },
	[NR_splice] = { EVENT_SPLICE },
	/* The task is there by now. */
	[NR_chdir] = { EVENT_CHDIR },
	[NR_fchdir] = { EVENT_CHDIR },
};
