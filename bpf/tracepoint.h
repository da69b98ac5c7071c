/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * File events where the kernel refuses trampolines: from the exit of system calls.
 *
 * An open is resolved from the descriptor it returned. The others are resolved from their arguments, read
 * after the call, when their pages are certainly present: relative to real objects, but lexically, so a
 * symbolic link on the way is not followed. Such events carry FLAG_RESOLVED_AT_SYSCALL. What this
 * mode does not see: io_uring, 32-bit calls, failed calls.
 */
#pragma once

#include "lib/emit.h"
#include "syscalls.h"

#define AT_FDCWD     -100
#define AT_REMOVEDIR 0x200
#define O_WRONLY     01
#define O_CREAT	     0100
#define O_TRUNC	     01000

static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if ((__u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

/* Appends the directory that `fd` and the first byte of a path start from. */
__noinline int push_base(struct scratch *s, int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct path base;

	if (!s)
		return -1;
	if (s->user[0] == '/') {
		base = BPF_CORE_READ(task, fs, root);
	} else if (fd == AT_FDCWD) {
		base = BPF_CORE_READ(task, fs, pwd);
	} else {
		struct file *file = file_of(fd);

		if (!file)
			return -1;
		base = BPF_CORE_READ(file, f_path);
	}
	return path_push_object(s, (__u64)base.mnt, (__u64)base.dentry);
}

__noinline int push_argument(struct scratch *s, int fd, __u64 string)
{
	if (!s || bpf_probe_read_user_str(s->user, sizeof(s->user), (void *)string) < 0)
		return -1;
	if (push_base(s, fd) < 0)
		return -1;
	return path_push_string(s);
}

static __always_inline void opened(int fd, __u32 flags)
{
	struct scratch *s = event_begin(EVENT_OPEN, flags);
	struct file_record *r;
	struct file *file;
	struct path path;

	if (!s)
		return;
	file = file_of(fd);
	if (!file) {
		event_lost(s); /* closed by another thread before the call returned */
		return;
	}
	r = (void *)s->record;
	path = BPF_CORE_READ(file, f_path);
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		r->head.flags |= FLAG_CREATED;
	event_subject(s, path.mnt, BPF_CORE_READ(path.dentry, d_inode));
	path_push_object(s, (__u64)path.mnt, (__u64)path.dentry);
	event_end(s, 0);
}

/* unlink and chmod by name; a NULL name means the descriptor itself. */
static __always_inline void named(__u32 type, int fd, const char *name, __u32 mode)
{
	struct scratch *s = event_begin(type, 0);
	struct file_record *r;

	if (!s)
		return;
	r = (void *)s->record;
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	r->op_mode = mode;
	if (name) {
		if (push_argument(s, fd, (__u64)name) < 0) {
			event_lost(s);
			return;
		}
	} else {
		struct file *file = file_of(fd);
		struct path path;

		if (!file) {
			event_lost(s);
			return;
		}
		path = BPF_CORE_READ(file, f_path);
		event_subject(s, path.mnt, BPF_CORE_READ(path.dentry, d_inode));
		path_push_object(s, (__u64)path.mnt, (__u64)path.dentry);
	}
	event_end(s, 0);
}

static __always_inline void renamed(int old_fd, const char *old_name, int new_fd,
				    const char *new_name, __u32 flags)
{
	struct scratch *s = event_begin(EVENT_RENAME, flags);
	struct file_record *r;
	__u64 tenants;

	if (!s)
		return;
	r = (void *)s->record;
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	if (push_argument(s, old_fd, (__u64)old_name) < 0) {
		event_lost(s);
		return;
	}
	tenants = event_next_path(s);
	if (push_argument(s, new_fd, (__u64)new_name) < 0) {
		event_lost(s);
		return;
	}
	event_end(s, tenants);
}

SEC("tp_btf/sys_exit")
int tracepoint_sys_exit(__u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	long ret = ctx[1];
	struct call call;

	if (ret < 0 || syscall_is_32bit())
		return 0;
	call.nr = syscall_nr(regs);
	if (!syscall_wanted(call.nr))
		return 0;
	syscall_args(&call, regs);
	switch (call.nr) {
#ifdef NR_open
	case NR_open:
		opened(ret, call.arg[1]);
		break;
	case NR_creat:
		opened(ret, O_CREAT | O_WRONLY | O_TRUNC);
		break;
	case NR_unlink:
		named(EVENT_UNLINK, AT_FDCWD, (void *)call.arg[0], 0);
		break;
	case NR_chmod:
		named(EVENT_CHMOD, AT_FDCWD, (void *)call.arg[0], call.arg[1] & 07777);
		break;
	case NR_rename:
		renamed(AT_FDCWD, (void *)call.arg[0], AT_FDCWD, (void *)call.arg[1], 0);
		break;
#endif
	case NR_openat:
	case NR_open_by_handle_at:
		opened(ret, call.arg[2]);
		break;
	case NR_openat2: {
		__u64 flags;

		/* struct open_how begins with u64 flags. Unreadable by now: any flag may have been set. */
		if (bpf_probe_read_user(&flags, sizeof(flags), (void *)call.arg[2]) < 0)
			flags = ~0U;
		opened(ret, flags);
		break;
	}
	case NR_unlinkat:
		if (!(call.arg[2] & AT_REMOVEDIR))
			named(EVENT_UNLINK, call.arg[0], (void *)call.arg[1], 0);
		break;
	case NR_fchmod:
		named(EVENT_CHMOD, call.arg[0], NULL, call.arg[1] & 07777);
		break;
	case NR_fchmodat:
		named(EVENT_CHMOD, call.arg[0], (void *)call.arg[1], call.arg[2] & 07777);
		break;
	case NR_fchmodat2:
		/* With AT_EMPTY_PATH an empty name adds nothing to the descriptor's path. */
		named(EVENT_CHMOD, call.arg[0], (void *)call.arg[1], call.arg[2] & 07777);
		break;
	case NR_renameat:
		renamed(call.arg[0], (void *)call.arg[1], call.arg[2], (void *)call.arg[3], 0);
		break;
	case NR_renameat2:
		renamed(call.arg[0], (void *)call.arg[1], call.arg[2], (void *)call.arg[3],
			call.arg[4]);
		break;
	}
	return 0;
}
