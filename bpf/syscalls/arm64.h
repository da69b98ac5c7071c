/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* arm64: numbers and registers of its calls. Those of 32-bit programs are not read. */
#pragma once

#include "../lib/versions.h"

#define NR_setxattr	     5
#define NR_lsetxattr	     6
#define NR_fsetxattr	     7
#define NR_removexattr	     14
#define NR_lremovexattr	     15
#define NR_fremovexattr	     16
#define NR_ioctl	     29
#define NR_mknodat	     33
#define NR_mkdirat	     34
#define NR_unlinkat	     35
#define NR_symlinkat	     36
#define NR_linkat	     37
#define NR_renameat	     38
#define NR_umount2	     39
#define NR_mount	     40
#define NR_truncate	     45
#define NR_chdir	     49
#define NR_fchdir	     50
#define NR_fchmod	     52
#define NR_fchmodat	     53
#define NR_fchownat	     54
#define NR_fchown	     55
#define NR_openat	     56
#define NR_splice	     76
#define NR_utimensat	     88
#define NR_bind		     200
#define NR_recvmsg	     212
#define NR_recvmmsg	     243
#define NR_open_by_handle_at 265
#define NR_renameat2	     276

#define TIF_32BIT 22

static __always_inline bool syscall_is_32bit(struct task_struct *task)
{
	return KNOWN(task, thread_info.flags) >> TIF_32BIT & 1;
}

static __always_inline __u32 syscall_nr(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline __u64 syscall_arg(struct pt_regs *regs, int i)
{
	return i == 0 ? regs->orig_x0 : regs->regs[i];
}

static __always_inline __u64 compat_arg(struct pt_regs *regs, int i)
{
	return 0;
}

#define COMPAT_CALLS
