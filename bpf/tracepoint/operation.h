/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* An event as a call tells it: descriptors, strings of the task, numbers. Here it becomes a record. */
#pragma once

#include "../lib/argument.h"

#define O_TMPFILE_BIT	020000000
#define RENAME_EXCHANGE 2

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
	__s32 result;
	__u32 created;
	__u32 unknown; /* which file it is about */
	__u32 in_root; /* the directory of the descriptor is the root of the name */
	__u64 request; /* struct io_kiocb *, whose outcome is to come; 0: the result is it */
	__u32 kernel_strings;
	__u32 symbolic; /* the name is what a symbolic link says, which is at the destination */
};

/* Its paths the other way round. */
static __always_inline void exchange(struct operation *op)
{
	__u64 name = op->name;
	__s32 fd = op->fd;

	op->name = op->dest_name;
	op->fd = op->dest_fd;
	op->dest_name = name;
	op->dest_fd = fd;
}

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
	if (op->symbolic)
		return push_link_target(s, op->dest_fd, op->dest_name, op->name);
	if (op->unknown) {
		s->truncated = 1;
		return 0;
	}
	if (op->in_root)
		return push_below(s, op->fd, op->name);
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
	if (op->created)
		r->head.flags |= FLAG_CREATED;
	event_outcome(s, op->result);
	s->request = op->request;
	s->kernel_strings = op->kernel_strings;
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

/* The task has got a descriptor: from a call that opens, or from another process. `flags`, `mode`: of open(2). */
static __always_inline void descriptor_opened(int fd, __u32 flags, __u32 mode)
{
	struct scratch *s = event_begin(EVENT_OPEN, flags);
	struct file_record *r;
	struct file *file;
	struct path path;

	if (!s)
		return;
	file = file_of(fd);
	/* One that another thread closed meanwhile. */
	if (!file) {
		event_lost(s);
		return;
	}
	r = (void *)s->record;
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
