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
/* Kernels before 5.17 check every function again at each call: what is not needed most is left out there. */
#ifndef WEIR_LEGACY
#include "tracepoint/received.h"
#include "tracepoint/uring.h"
#endif

/* An argument by its number in struct shape; 0: the call has none. */
static __always_inline __u64 shaped_arg(struct pt_regs *regs, __u8 number)
{
	return number ? syscall_arg(regs, number - 1) : 0;
}

/* An open, by far the most frequent event: it is resolved from the descriptor alone. */
static __always_inline void open_done(struct pt_regs *regs, const struct shape *shape, __u64 nr,
				      int fd)
{
	__u32 flags = shaped_arg(regs, shape->flags), mode = shaped_arg(regs, shape->mode);

#ifdef NR_creat
	if (nr == NR_creat)
		flags = O_CREAT | O_WRONLY | O_TRUNC;
#endif
	if (nr == NR_openat2)
		read_how(syscall_arg(regs, 2), &flags, &mode);
	descriptor_opened(fd, flags, mode);
}

#ifndef WEIR_LEGACY
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

/* A user or group of 16 bits. */
static __always_inline void widen_id(__u64 *id)
{
	*id = (__u16)*id == 0xffff ? ID_UNCHANGED : (__u16)*id;
}

/* The arguments of a 32-bit call, as the 64-bit call has them. Returns whether it is one that concerns us. */
static __always_inline bool compat_call(struct pt_regs *regs, __u64 nr, struct call *call)
{
	__u32 other = shapes[nr & (SYSCALLS - 1)].compat, parameters[3];

	for (int i = 0; i < ARGUMENTS; i++)
		call->arg[i + 1] = compat_arg(regs, i);
	call->compat = true;
	call->nr = other & COMPAT_NUMBER;
	if (call->nr == COMPAT_SOCKETCALL) {
		call->nr = socket_call(call->arg[1]);
		if (bpf_probe_read_user(parameters, sizeof(parameters), (void *)call->arg[2]) < 0)
			return false;
		for (int i = 0; i < 3; i++)
			call->arg[i + 1] = parameters[i];
	}
	if (call->nr == 0 || call->nr >= SYSCALLS)
		return false;
	if (other & COMPAT_SHORT_IDS) {
		const struct shape *shape = &shapes[call->nr];

		widen_id(&call->arg[shape->owner & 7]);
		widen_id(&call->arg[(shape->owner + 1) & 7]);
	}
	return true;
}
#endif

static __always_inline void call_done(struct call *call)
{
	struct operation op;

	switch (call->nr) {
	case NR_ioctl:
		if (!sets_attributes(call->arg[2]))
			return;
		break;
	case NR_pidfd_getfd:
	case NR_recvmsg:
	case NR_recvmmsg:
#ifndef WEIR_LEGACY
		/* What was refused is not known. */
		if (call->result >= 0)
			descriptors_received(call);
#endif
		return;
	}
	__builtin_memset(&op, 0, sizeof(op));
	if (!read_call(call, &op))
		return;
	operation_done(&op);
#ifndef WEIR_LEGACY
	/* Both names have another file now. */
	if (op.type == EVENT_RENAME && op.flags & RENAME_EXCHANGE) {
		exchange(&op);
		operation_done(&op);
	}
#endif
}

SEC("tp_btf/sys_exit")
int tracepoint_sys_exit(__u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	const struct shape *shape;
	long ret = ctx[1];
	struct call call;
	__u64 nr;

	/* The exit of every system call comes here: a cheap no for nearly all of them. */
	if (!is_reported(ret))
		return 0;
	nr = syscall_nr(regs);
	if (nr >= SYSCALLS || !shapes[nr].concerns)
		return 0;
	shape = &shapes[nr];
	/* Only as a 32-bit call, and that would not return this. */
	if (!shape->type && ret > 0 && !(shape->compat & COMPAT_RETURNS))
		return 0;
	if (syscall_is_32bit()) {
#ifdef WEIR_LEGACY
		return 0;
#else
		__builtin_memset(&call, 0, sizeof(call));
		if (!compat_call(regs, nr, &call))
			return 0;
#endif
	} else {
		if (!shape->type)
			return 0;
		if (shape->opens && ret >= 0) {
			open_done(regs, shape, nr, ret);
			return 0;
		}
		if (nr == NR_ioctl && !sets_attributes(syscall_arg(regs, 1)))
			return 0;
#ifndef WEIR_LEGACY
		if (nr == NR_recvmsg &&
		    !may_have_received(syscall_arg(regs, 0), syscall_arg(regs, 1)))
			return 0;
#endif
		__builtin_memset(&call, 0, sizeof(call));
		for (int i = 0; i < ARGUMENTS; i++)
			call.arg[i + 1] = syscall_arg(regs, i);
		call.nr = nr;
	}
	call.result = ret;
	call_done(&call);
	return 0;
}
