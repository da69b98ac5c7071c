/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From the arguments and the result of a system call to the operation that it was, by the shape of the call. */
#pragma once

#include "operation.h"
#include "../syscalls.h"

#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR	    0x200
#define AT_SYMLINK_FOLLOW   0x400

#define FS_IOC_SETFLAGS	  0x40086602
#define FS_IOC32_SETFLAGS 0x40046602
#define FS_IOC_FSSETXATTR 0x401c5820

#define AF_UNIX 1

/* Of the extended attribute that stands for the flags of a file (chattr). */
static const char FILE_ATTRIBUTES[] = "system.fileattr";

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

static __always_inline bool sets_attributes(__u32 request)
{
	return request == FS_IOC_SETFLAGS || request == FS_IOC32_SETFLAGS ||
	       request == FS_IOC_FSSETXATTR;
}

#define RESOLVE_IN_ROOT 0x10

/* Of openat2(2). Unreadable by now: any flag may have been set. Returns how the name is resolved. */
static __always_inline __u32 read_how(__u64 address, __u32 *flags, __u32 *mode)
{
	__u64 how[3]; /* struct open_how: flags, mode, resolve */

	if (bpf_probe_read_user(how, sizeof(how), (void *)address) < 0) {
		*flags = ~0U;
		return 0;
	}
	*flags = how[0];
	*mode = how[1];
	return how[2];
}

/* A node of any kind made by name. */
static __always_inline void creates(struct operation *op, __u32 mode)
{
	op->flags = O_CREAT | O_EXCL;
	op->created = op->result == 0;
	op->mode = mode & S_IFMT ? mode : mode | S_IFREG;
}

/* A socket that got a name, unless it is an abstract one. */
static __always_inline bool bind_operation(struct operation *op, struct call *call)
{
	struct {
		__u16 family;
		char first;
	} address = {};

	if ((__u32)call->arg[3] <= 2)
		return false;
	/* What is not there any more is lost when its name is read. */
	if (bpf_probe_read_user(&address, 3, (void *)call->arg[2]) == 0 &&
	    (address.family != AF_UNIX || !address.first))
		return false;
	op->name = call->arg[2] + 2;
	creates(op, S_IFSOCK);
	return true;
}

/* Returns whether a file was opened, or was to be. */
static __always_inline bool open_operation(struct operation *op, struct call *call,
					   const struct shape *shape)
{
	if (call->nr == NR_bind)
		return bind_operation(op, call);
	if (call->nr == NR_truncate) {
		op->flags = O_WRONLY | O_TRUNC;
		return true;
	}
	if (!shape->opens) {
		creates(op, call->arg[shape->mode & 7] & (S_IFMT | MODE_BITS));
		return true;
	}
#ifdef NR_creat
	if (call->nr == NR_creat)
		op->flags = O_CREAT | O_WRONLY | O_TRUNC;
#endif
	if (call->nr == NR_openat2)
		op->in_root = read_how(call->arg[3], &op->flags, &op->mode) & RESOLVE_IN_ROOT;
	op->mode = op->flags & (O_CREAT | O_TMPFILE_BIT) ? op->mode & MODE_BITS : 0;
	op->follows = !(op->flags & O_NOFOLLOW);
	if (call->result >= 0) {
		struct file *file = file_of(current_task(), call->result);

		op->fd = call->result;
		op->name = 0;
		op->in_root = false;
		op->describes = true;
		op->created = file && was_created(file);
	}
	/* A handle that was refused is no name. */
	return call->result >= 0 || op->name;
}

/* Returns whether anything was mounted, or was to be. */
static __always_inline bool mount_operation(struct operation *op, struct call *call)
{
	enum mount_kind kind = mount_kind(call->arg[4]);
	bool failed = op->result != 0;

	op->text_kind = TEXT_UNKNOWN;
	if (call->nr == NR_move_mount) {
		if (call->arg[5] & MOVE_MOUNT_SET_GROUP)
			return false;
		/* From a descriptor, it is that of the mount, which is at its place now. */
		if (!failed && call->arg[5] & MOVE_MOUNT_F_EMPTY_PATH && is_empty(call->arg[2])) {
			op->fd = call->arg[1];
			op->name = 0;
			op->describes = true;
			op->text_kind = TEXT_DENTRY;
		}
		return true;
	}
	if (kind == MOUNT_BIND)
		op->dest_name = call->arg[1];
	op->mounts = !failed && (kind == MOUNT_NEW || kind == MOUNT_BIND);
	return kind != MOUNT_NOTHING;
}

/* Returns whether a file took part. */
static __always_inline bool splice_operation(struct operation *op, struct call *call)
{
	struct task_struct *task = current_task();
	struct file *in = file_of(task, call->arg[1]), *out = file_of(task, call->arg[3]);
	struct spliced files;

	/* A descriptor that another thread closed meanwhile: it is lost when it is looked for. */
	if (!in || !out) {
		op->fd = in ? call->arg[3] : call->arg[1];
		return true;
	}
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

/* Reads the arguments in s->call by the shape of the call, to s->operation. Returns 0 where it made no event. */
GLOBAL int read_call(struct scratch *s)
{
	const struct shape *shape;
	struct operation *op;
	struct call *call;

	if (!s)
		return 0;
	call = &s->call;
	op = &s->operation;
	if (call->nr >= SYSCALLS)
		return 0;
	shape = &shapes[call->nr];
	op->type = shape->type;
	op->result = call->result < 0 ? call->result : 0;
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
	case EVENT_OPEN:
		return open_operation(op, call, shape);
	case EVENT_UNLINK:
		if (call->nr == NR_unlinkat && call->arg[3] & AT_REMOVEDIR)
			op->type = EVENT_RMDIR;
		break;
	case EVENT_LINK:
#ifdef NR_symlink
		op->symbolic = call->nr == NR_symlink;
#endif
		op->symbolic |= call->nr == NR_symlinkat;
		break;
	case EVENT_SETXATTR:
		/* struct xattr_args: u64 value, u32 size, u32 flags. */
		if (call->nr == NR_setxattrat && bpf_probe_read_user(&op->flags, sizeof(op->flags),
								     (void *)call->arg[5] + 12) < 0)
			op->flags = ~0U;
		if (call->nr == NR_ioctl || call->nr == NR_file_setattr) {
			op->text_kind = TEXT_KERNEL;
			op->text = (__u64)FILE_ATTRIBUTES;
		}
		break;
	case EVENT_MOUNT:
		return mount_operation(op, call);
	case EVENT_SPLICE:
		return splice_operation(op, call);
	case EVENT_CHDIR:
		/* The task is there by now. */
		if (!op->result) {
			op->fd = AT_FDCWD;
			op->name = 0;
			op->describes = true;
		}
		break;
	}
	return 1;
}
