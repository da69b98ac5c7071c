/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* x86-64: numbers and registers of its calls, and of those of 32-bit programs and int 0x80. */
#pragma once

#include "../lib/versions.h"

#define NR_open		     2
#define NR_ioctl	     16
#define NR_recvmsg	     47
#define NR_bind		     49
#define NR_truncate	     76
#define NR_chdir	     80
#define NR_fchdir	     81
#define NR_rename	     82
#define NR_mkdir	     83
#define NR_rmdir	     84
#define NR_creat	     85
#define NR_link		     86
#define NR_unlink	     87
#define NR_symlink	     88
#define NR_chmod	     90
#define NR_fchmod	     91
#define NR_chown	     92
#define NR_fchown	     93
#define NR_lchown	     94
#define NR_utime	     132
#define NR_mknod	     133
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
#define NR_mknodat	     259
#define NR_fchownat	     260
#define NR_futimesat	     261
#define NR_unlinkat	     263
#define NR_renameat	     264
#define NR_linkat	     265
#define NR_symlinkat	     266
#define NR_fchmodat	     268
#define NR_splice	     275
#define NR_utimensat	     280
#define NR_recvmmsg	     299
#define NR_open_by_handle_at 304
#define NR_renameat2	     316

#define TS_COMPAT 2

/* int 0x80 and 32-bit programs have numbers of their own. */
static __always_inline bool syscall_is_32bit(struct task_struct *task)
{
	return KNOWN(task, thread_info.status) & TS_COMPAT;
}

/*
 * `regs` is a pointer that the verifier knows: it is read without a helper. The kernel goes by the lower half of the
 * register alone, whatever a task has written above.
 */
static __always_inline __u32 syscall_nr(struct pt_regs *regs)
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

/* Of a 32-bit call. What is above 32 bits is none of it. */
static __always_inline __u64 compat_arg(struct pt_regs *regs, int i)
{
	switch (i) {
	case 0:
		return (__u32)regs->bx;
	case 1:
		return (__u32)regs->cx;
	case 2:
		return (__u32)regs->dx;
	case 3:
		return (__u32)regs->si;
	default:
		return (__u32)regs->di;
	}
}

/* The call of 64-bit programs that a 32-bit one is, by its number. The new ones (from 424) have the same everywhere. */
#define COMPAT_CALLS                                                                               \
	[5].compat = NR_open | COMPAT_RETURNS, [8].compat = NR_creat | COMPAT_RETURNS,             \
	[9].compat = NR_link, [10].compat = NR_unlink, [12].compat = NR_chdir,                     \
	[14].compat = NR_mknod, [15].compat = NR_chmod,                                            \
	[16].compat = NR_lchown | COMPAT_SHORT_IDS, [21].compat = NR_mount,                        \
	[22].compat = NR_umount2, [30].compat = NR_utime, [38].compat = NR_rename,                 \
	[39].compat = NR_mkdir, [40].compat = NR_rmdir, [52].compat = NR_umount2,                  \
	[54].compat = NR_ioctl, [83].compat = NR_symlink, [92].compat = NR_truncate,               \
	[94].compat = NR_fchmod, [95].compat = NR_fchown | COMPAT_SHORT_IDS,                       \
	[102].compat = COMPAT_SOCKETCALL | COMPAT_RETURNS, [133].compat = NR_fchdir,               \
	[182].compat = NR_chown | COMPAT_SHORT_IDS, [193].compat = NR_truncate,                    \
	[198].compat = NR_lchown, [207].compat = NR_fchown, [212].compat = NR_chown,               \
	[226].compat = NR_setxattr, [227].compat = NR_lsetxattr, [228].compat = NR_fsetxattr,      \
	[235].compat = NR_removexattr, [236].compat = NR_lremovexattr,                             \
	[237].compat = NR_fremovexattr, [271].compat = NR_utimes,                                  \
	[295].compat = NR_openat | COMPAT_RETURNS, [296].compat = NR_mkdirat,                      \
	[297].compat = NR_mknodat, [298].compat = NR_fchownat, [299].compat = NR_futimesat,        \
	[301].compat = NR_unlinkat, [302].compat = NR_renameat, [303].compat = NR_linkat,          \
	[304].compat = NR_symlinkat, [306].compat = NR_fchmodat,                                   \
	[313].compat = NR_splice | COMPAT_RETURNS, [320].compat = NR_utimensat,                    \
	[337].compat = NR_recvmmsg | COMPAT_RETURNS,                                               \
	[342].compat = NR_open_by_handle_at | COMPAT_RETURNS, [353].compat = NR_renameat2,         \
	[361].compat = NR_bind, [372].compat = NR_recvmsg | COMPAT_RETURNS,                        \
	[412].compat = NR_utimensat, [417].compat = NR_recvmmsg | COMPAT_RETURNS,                  \
	[NR_move_mount].compat = NR_move_mount, [NR_openat2].compat = NR_openat2 | COMPAT_RETURNS, \
	[NR_pidfd_getfd].compat = NR_pidfd_getfd | COMPAT_RETURNS,                                 \
	[NR_fchmodat2].compat = NR_fchmodat2, [NR_setxattrat].compat = NR_setxattrat,              \
	[NR_removexattrat].compat = NR_removexattrat, [NR_file_setattr].compat = NR_file_setattr
