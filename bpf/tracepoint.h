/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * File events where the kernel refuses trampolines: from the exit of system calls.
 *
 * What returned or received a descriptor is resolved from it, a change of directory from where the task is now. The
 * others are resolved from their arguments, read after the call, when their pages are certainly present; see
 * lib/argument.h for what that misses. Such events carry FLAG_RESOLVED_AT_SYSCALL. A file is described only
 * where the call leaves its attributes as they were.
 */
#pragma once

#include "tracepoint/call.h"
#include "tracepoint/received.h"
#ifndef WEIR_LEGACY
#include "tracepoint/uring.h"
#endif

/* An argument by its number in struct shape; 0: the call has none. */
static __always_inline __u64 shaped_arg(struct pt_regs *regs, __u8 number)
{
	return number ? syscall_arg(regs, number - 1) : 0;
}

/* An open, by far the most frequent event: it is resolved from the descriptor alone. */
static __always_inline void open_done(struct task_struct *task, struct pt_regs *regs,
				      const struct shape *shape, __u32 nr, int fd)
{
	__u32 flags = shaped_arg(regs, shape->flags), mode = shaped_arg(regs, shape->mode);

#ifdef NR_creat
	if (nr == NR_creat)
		flags = O_CREAT | O_WRONLY | O_TRUNC;
#endif
	if (nr == NR_openat2)
		read_how(syscall_arg(regs, 2), &flags, &mode);
	descriptor_opened(task, fd, flags, mode);
}

/* Of socketcall(2), which 32-bit programs have. 0: not one that concerns us. */
static __always_inline __u32 socket_call(__u32 number)
{
	switch (number) {
	case 2:
		return NR_bind;
	case 17:
		return NR_recvmsg;
	case 19:
		return NR_recvmmsg;
	}
	return 0;
}

/* The 64-bit call that a 32-bit one is; 0: none that concerns us. */
static __always_inline __u32 compat_number(struct pt_regs *regs, __u32 nr)
{
	__u32 number = shapes[nr & (SYSCALLS - 1)].compat & COMPAT_NUMBER;

	return number == COMPAT_SOCKETCALL ? socket_call(compat_arg(regs, 0)) : number;
}

/* A user or group of 16 bits. */
static __always_inline void widen_id(__u64 *id)
{
	*id = (__u16)*id == 0xffff ? ID_UNCHANGED : (__u16)*id;
}

/* The arguments of a 32-bit call, as the 64-bit call has them. Returns whether they could be read. */
static __always_inline bool compat_call(struct pt_regs *regs, __u32 nr, struct call *call)
{
	__u32 other = shapes[nr & (SYSCALLS - 1)].compat, parameters[3];

	for (int i = 0; i < ARGUMENTS; i++)
		call->arg[i + 1] = compat_arg(regs, i);
	call->compat = true;
	if ((other & COMPAT_NUMBER) == COMPAT_SOCKETCALL) {
		if (bpf_probe_read_user(parameters, sizeof(parameters), (void *)call->arg[2]) < 0)
			return false;
		for (int i = 0; i < 3; i++)
			call->arg[i + 1] = parameters[i];
	}
	if (other & COMPAT_SHORT_IDS) {
		const struct shape *shape = &shapes[call->nr & (SYSCALLS - 1)];

		widen_id(&call->arg[shape->owner & 7]);
		widen_id(&call->arg[(shape->owner + 1) & 7]);
	}
	return true;
}

/* Programs that tracepoint_sys_exit goes on as, so that the verifier looks at each of them alone. Set by the agent. */
#define CALLED_CALL	0
#define CALLED_RECEIVED 1

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} called SEC(".maps");

/* The call that ends, by its number in 64-bit programs; 0, which is read(2): none that concerns us. */
static __always_inline __u32 concerned_number(struct pt_regs *regs, bool *compat)
{
	__u32 nr = syscall_nr(regs);

	if (nr >= SYSCALLS)
		return 0;
	BOUND(nr, SYSCALLS);
	*compat = syscall_is_32bit(current_task());
	if (*compat)
		return compat_number(regs, nr);
	return shapes[nr].type ? nr : 0;
}

/* Working memory with the call that ends here; the caller gives it back. NULL: no such call, or it is counted as lost. */
static __always_inline struct scratch *call_begin(__u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	struct scratch *s;
	bool compat = false;
	__u32 nr = concerned_number(regs, &compat);

	if (!nr || nr >= SYSCALLS)
		return NULL;
	BOUND(nr, SYSCALLS);
	s = operation_begin(shapes[nr].type);
	if (!s)
		return NULL;
	__builtin_memset(&s->call, 0, sizeof(s->call));
	s->call.nr = nr;
	s->call.result = ctx[1];
	if (compat) {
		if (compat_call(regs, syscall_nr(regs), &s->call))
			return s;
		operation_lost(shapes[nr].type);
		scratch_release(s);
		return NULL;
	}
	for (int i = 0; i < ARGUMENTS; i++)
		s->call.arg[i + 1] = syscall_arg(regs, i);
	return s;
}

/* Any call but those that returned or received a descriptor. */
SEC("tp_btf/sys_exit")
int tracepoint_call(__u64 *ctx)
{
	struct scratch *s = call_begin(ctx);

	if (!s)
		return 0;
	if (!read_call(s))
		goto out;
	operation_done(s);
	/* Both names have another file now. */
	if (is_exchange(&s->operation)) {
		exchange(&s->operation);
		operation_done(s);
	}
out:
	scratch_release(s);
	return 0;
}

/* A call that may have brought descriptors of other processes. What was refused is not known. */
SEC("tp_btf/sys_exit")
int tracepoint_received(__u64 *ctx)
{
	struct scratch *s;

	if ((__s64)ctx[1] < 0)
		return 0;
	s = call_begin(ctx);
	if (!s)
		return 0;
	descriptors_received(s);
	scratch_release(s);
	return 0;
}

/* Goes on as the program for a call, by its number in 64-bit programs. `request`: of ioctl(2). */
static __always_inline void call_go_on(__u64 *ctx, __u32 nr, __u32 request)
{
	if (nr == NR_ioctl && !sets_attributes(request))
		return;
	if (nr == NR_pidfd_getfd || nr == NR_recvmsg || nr == NR_recvmmsg)
		bpf_tail_call(ctx, &called, CALLED_RECEIVED);
	else
		bpf_tail_call(ctx, &called, CALLED_CALL);
	/* It returns only where the agent has not set the program. */
	operation_lost(shapes[nr & (SYSCALLS - 1)].type);
}

SEC("tp_btf/sys_exit")
int tracepoint_sys_exit(__u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	struct task_struct *task;
	const struct shape *shape;
	long ret = ctx[1];
	__u32 nr;

	/* The exit of every system call comes here: a cheap no for nearly all of them. */
	if (!is_reported(ret))
		return 0;
	nr = syscall_nr(regs);
	if (nr >= SYSCALLS)
		return 0;
	BOUND(nr, SYSCALLS);
	if (!shapes[nr].concerns)
		return 0;
	shape = &shapes[nr];
	/* Only as a 32-bit call, and that would not return this. */
	if (!shape->type && ret > 0 && !(shape->compat & COMPAT_RETURNS))
		return 0;
	task = current_task();
	if (syscall_is_32bit(task)) {
		nr = compat_number(regs, nr);
		if (nr)
			call_go_on(ctx, nr, compat_arg(regs, 1));
		return 0;
	}
	if (!shape->type)
		return 0;
	if (shape->opens && ret >= 0) {
		open_done(task, regs, shape, nr, ret);
		return 0;
	}
	if (nr == NR_recvmsg && !may_have_received(syscall_arg(regs, 0), syscall_arg(regs, 1)))
		return 0;
	call_go_on(ctx, nr, syscall_arg(regs, 1));
	return 0;
}
