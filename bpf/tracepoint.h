/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * File events where the kernel refuses trampolines: from the exit of system calls.
 *
 * An open is resolved from the descriptor it returned, a change of directory from where the task is now. The
 * others are resolved from their arguments, read after the call, when their pages are certainly present; see
 * lib/argument.h for what that misses. Such events carry FLAG_RESOLVED_AT_SYSCALL. A file is described only
 * where the call leaves its attributes as they were. What this mode does not see: io_uring, 32-bit calls,
 * failed calls.
 */
#pragma once

#include "lib/argument.h"
#include "syscalls.h"

#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR	    0x200
#define AT_SYMLINK_FOLLOW   0x400
#define O_WRONLY	    01
#define O_CREAT		    0100
#define O_TRUNC		    01000
#define O_TMPFILE_BIT	    020000000

struct call {
	__u64 arg[8]; /* ARGUMENTS of them; 0 beyond, and at 0: they count from 1 */
};

/* An event as the arguments of its call tell it. */
struct operation {
	__u32 type;
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__s32 fd;
	__u64 name; /* string; 0: the descriptor itself */
	__s32 dest_fd;
	__u32 follows;
	__u64 dest_name; /* string; 0: none */
	__u64 text;	 /* string; 0: none */
	__u32 mounts;	 /* the newest mount, if it is at this place */
	__u32 describes; /* the file of the descriptor is as it was before the call */
	__u32 text_kind;
};

/*
 * Pushes the place of a mount. The newest mount of the task's namespace tells more about it, if it is there: a path
 * with symbolic links is not recognized, nor is one that has got another mount meanwhile.
 */
static __always_inline int push_mount(struct scratch *s, struct operation *op)
{
	struct mount *newest = newest_mount();
	struct path path = {};
	__u64 hash = 0;

	if (newest) {
		path.mnt = vfsmount_of(newest);
		path.dentry = BPF_CORE_READ(newest, mnt.mnt_root);
		push_path(s, &path);
		hash = s->truncated ? 0 : path_hash(s);
		path_start(s, sizeof(struct file_record), 0);
	}
	if (push_argument(s, op->fd, op->name, op->follows) < 0)
		return -1;
	if (hash && hash == path_hash(s)) {
		event_subject(s, &path);
		event_text(s, TEXT_DENTRY, (__u64)path.dentry);
	}
	return 0;
}

/* The path of the operation, and what the descriptor tells beyond it. */
static __always_inline int push_subject(struct scratch *s, struct operation *op)
{
	struct path path;

	if (op->mounts)
		return push_mount(s, op);
	if (op->name)
		return push_argument(s, op->fd, op->name, op->follows);
	if (push_descriptor(s, op->fd, &path) < 0)
		return -1;
	s->objects[0].mnt = as_number(s, path.mnt);
	s->objects[0].dentry = as_number(s, path.dentry);
	s->objects[0].name = 0;
	if (op->describes)
		event_subject(s, &path);
	if (op->text_kind == TEXT_DENTRY)
		event_text(s, TEXT_DENTRY, (__u64)path.dentry);
	return 0;
}

/* A global function for the reason that lib/path.h gives. */
GLOBAL int operation_done(struct operation *op)
{
	struct file_record *r;
	struct scratch *s;
	__u64 tenants = 0;

	if (!op)
		return 0;
	s = event_begin(op->type, op->flags);
	if (!s)
		return 0;
	r = (void *)s->record;
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	r->op_mode = op->mode;
	r->op_uid = op->uid;
	r->op_gid = op->gid;
	if (op->text_kind != TEXT_DENTRY)
		event_text(s, op->text_kind, op->text);
	/* A descriptor that another thread closed meanwhile, a string that it unmapped. */
	if (push_subject(s, op) < 0)
		goto lost;
	if (op->dest_name) {
		tenants = event_next_path(s);
		if (push_argument(s, op->dest_fd, op->dest_name, op->type == EVENT_MOUNT) < 0)
			goto lost;
	}
	event_end(s, tenants);
	return 0;
lost:
	event_lost(s);
	return 0;
}

static __always_inline bool follows(__u32 how, __u32 at_flags)
{
	if (how == FOLLOWS_UNLESS)
		return !(at_flags & AT_SYMLINK_NOFOLLOW);
	if (how == FOLLOWS_IF)
		return at_flags & AT_SYMLINK_FOLLOW;
	return how == FOLLOWS_ALWAYS;
}

/* Whether a name beside AT_EMPTY_PATH or its like is none; where it is not, the descriptor only precedes it. */
static __always_inline bool is_empty(__u64 string)
{
	char first = 0;

	return !string || (bpf_probe_read_user(&first, 1, (void *)string) == 0 && !first);
}

/* Returns whether anything was mounted. */
static __always_inline bool mount_operation(struct operation *op, struct call *call, __u64 nr)
{
	enum mount_kind kind = mount_kind(call->arg[4]);

	op->text_kind = TEXT_UNKNOWN;
	if (nr == NR_move_mount) {
		if (call->arg[5] & MOVE_MOUNT_SET_GROUP)
			return false;
		/* From a descriptor, it is that of the mount, which is at its place now. */
		if (call->arg[5] & MOVE_MOUNT_F_EMPTY_PATH && is_empty(call->arg[2])) {
			op->fd = call->arg[1];
			op->name = 0;
			op->describes = true;
			op->text_kind = TEXT_DENTRY;
		}
		return true;
	}
	if (kind == MOUNT_BIND)
		op->dest_name = call->arg[1];
	op->mounts = kind == MOUNT_NEW || kind == MOUNT_BIND;
	return kind != MOUNT_NOTHING;
}

/* Returns whether a file took part. */
static __always_inline bool splice_operation(struct operation *op, struct call *call)
{
	struct file *in = file_of(call->arg[1]), *out = file_of(call->arg[3]);
	struct spliced files;

	if (!in || !out)
		return false;
	files = spliced_files(in, out);
	if (!files.file)
		return false;
	op->fd = files.written ? call->arg[1] : call->arg[3];
	/* A file that was written to has new times. */
	op->describes = files.written != NULL;
	if (files.read)
		op->flags = used_buffer_flags(files.read);
	if (files.written)
		op->mode = last_buffer_flags(files.written);
	return true;
}

/* Reads the arguments by the shape of the call. Returns 0 where it made no event. */
GLOBAL int read_call(struct call *call, __u32 nr, struct operation *op)
{
	const struct shape *shape;

	if (!call || !op || nr >= SYSCALLS)
		return 0;
	shape = &shapes[nr];
	op->type = shape->type;
	op->fd = shape->fd ? call->arg[shape->fd & 7] : AT_FDCWD;
	op->dest_fd = shape->dest_fd ? call->arg[shape->dest_fd & 7] : AT_FDCWD;
	op->name = call->arg[shape->name & 7];
	op->dest_name = call->arg[shape->dest_name & 7];
	op->flags = call->arg[shape->flags & 7];
	op->mode = call->arg[shape->mode & 7] & MODE_BITS;
	op->text = call->arg[shape->text & 7];
	op->text_kind = op->text ? TEXT_USER : TEXT_NONE;
	op->follows = follows(shape->follows, call->arg[shape->at_flags & 7]);
	if (shape->owner) {
		op->uid = call->arg[shape->owner & 7];
		op->gid = call->arg[(shape->owner + 1) & 7];
	}
	switch (op->type) {
	case EVENT_UNLINK:
		if (nr == NR_unlinkat && call->arg[3] & AT_REMOVEDIR)
			op->type = EVENT_RMDIR;
		break;
	case EVENT_SETXATTR:
		/* struct xattr_args: u64 value, u32 size, u32 flags. */
		if (nr == NR_setxattrat && bpf_probe_read_user(&op->flags, sizeof(op->flags),
							       (void *)call->arg[5] + 12) < 0)
			op->flags = ~0U;
		break;
	case EVENT_MOUNT:
		if (!mount_operation(op, call, nr))
			return 0;
		break;
	case EVENT_SPLICE:
		if (!splice_operation(op, call))
			return 0;
		break;
	case EVENT_CHDIR:
		op->describes = true;
		break;
	}
	return 1;
}

/* An argument by its number in struct shape; 0: the call has none. */
static __always_inline __u64 shaped_arg(struct pt_regs *regs, __u8 number)
{
	return number ? syscall_arg(regs, number - 1) : 0;
}

/* An open, by far the most frequent event: it is resolved from the descriptor alone. */
static __always_inline void open_done(struct pt_regs *regs, const struct shape *shape, __u64 nr,
				      int fd)
{
	__u64 flags = shaped_arg(regs, shape->flags), mode = shaped_arg(regs, shape->mode);
	__u64 how[2]; /* struct open_how begins with u64 flags, u64 mode. */
	struct file_record *r;
	struct scratch *s;
	struct file *file;
	struct path path;

#ifdef NR_creat
	if (nr == NR_creat)
		flags = O_CREAT | O_WRONLY | O_TRUNC;
#endif
	if (nr == NR_openat2) {
		/* Unreadable by now: any flag may have been set. */
		if (bpf_probe_read_user(how, sizeof(how), (void *)syscall_arg(regs, 2)) < 0)
			how[0] = ~0U;
		flags = how[0];
		mode = how[1];
	}
	s = event_begin(EVENT_OPEN, flags);
	if (!s)
		return;
	r = (void *)s->record;
	file = file_of(fd);
	/* A descriptor that another thread closed meanwhile. */
	if (!file) {
		event_lost(s);
		return;
	}
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	if (was_created(file))
		r->head.flags |= FLAG_CREATED;
	if (flags & (O_CREAT | O_TMPFILE_BIT))
		r->op_mode = mode & MODE_BITS;
	path = path_of(file);
	event_subject(s, &path);
	push_file(s, &path);
	event_end(s, 0);
}

SEC("tp_btf/sys_exit")
int tracepoint_sys_exit(__u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	const struct shape *shape;
	long ret = ctx[1];
	struct operation op;
	struct call call;
	__u64 nr;

	/* The exit of every system call comes here: a cheap no for nearly all of them. */
	if (ret < 0)
		return 0;
	nr = syscall_nr(regs);
	if (nr >= SYSCALLS || !shapes[nr].type || syscall_is_32bit())
		return 0;
	shape = &shapes[nr];
	if (shape->type == EVENT_OPEN) {
		open_done(regs, shape, nr, ret);
		return 0;
	}
	__builtin_memset(&call, 0, sizeof(call));
	for (int i = 0; i < ARGUMENTS; i++)
		call.arg[i + 1] = syscall_arg(regs, i);
	__builtin_memset(&op, 0, sizeof(op));
	if (read_call(&call, nr, &op))
		operation_done(&op);
	return 0;
}
