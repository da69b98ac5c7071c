/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Numbers and registers of the file system calls, by architecture. */
#pragma once

#include "lib/bpf.h"

struct call {
	long nr;
	__u64 arg[5];
};

#if defined(__TARGET_ARCH_x86)

#define NR_open		     2
#define NR_rename	     82
#define NR_creat	     85
#define NR_unlink	     87
#define NR_chmod	     90
#define NR_fchmod	     91
#define NR_openat	     257
#define NR_unlinkat	     263
#define NR_renameat	     264
#define NR_fchmodat	     268
#define NR_open_by_handle_at 304
#define NR_renameat2	     316
#define NR_openat2	     437
#define NR_fchmodat2	     452

#define TS_COMPAT 2

/* int 0x80 and 32-bit programs have numbers of their own. */
static __always_inline bool syscall_is_32bit(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
}

static __always_inline long syscall_nr(struct pt_regs *regs)
{
	return (long)BPF_CORE_READ(regs, orig_ax);
}

static __always_inline void syscall_args(struct call *call, struct pt_regs *regs)
{
	call->arg[0] = BPF_CORE_READ(regs, di);
	call->arg[1] = BPF_CORE_READ(regs, si);
	call->arg[2] = BPF_CORE_READ(regs, dx);
	call->arg[3] = BPF_CORE_READ(regs, r10);
	call->arg[4] = BPF_CORE_READ(regs, r8);
}

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT 22

static __always_inline bool syscall_is_32bit(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.flags) >> TIF_32BIT & 1;
}

#define NR_unlinkat	     35
#define NR_renameat	     38
#define NR_fchmod	     52
#define NR_fchmodat	     53
#define NR_openat	     56
#define NR_open_by_handle_at 265
#define NR_renameat2	     276
#define NR_openat2	     437
#define NR_fchmodat2	     452

static __always_inline long syscall_nr(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, syscallno);
}

static __always_inline void syscall_args(struct call *call, struct pt_regs *regs)
{
	call->arg[0] = BPF_CORE_READ(regs, orig_x0);
	call->arg[1] = BPF_CORE_READ(regs, regs[1]);
	call->arg[2] = BPF_CORE_READ(regs, regs[2]);
	call->arg[3] = BPF_CORE_READ(regs, regs[3]);
	call->arg[4] = BPF_CORE_READ(regs, regs[4]);
}

#endif

/* The exit of every system call comes here first: a cheap no for nearly all of them. */
static __always_inline bool syscall_wanted(long nr)
{
	switch (nr) {
#ifdef NR_open
	case NR_open:
	case NR_creat:
	case NR_unlink:
	case NR_chmod:
	case NR_rename:
#endif
	case NR_openat:
	case NR_open_by_handle_at:
	case NR_openat2:
	case NR_unlinkat:
	case NR_fchmod:
	case NR_fchmodat:
	case NR_fchmodat2:
	case NR_renameat:
	case NR_renameat2:
		return true;
	default:
		return false;
	}
}
