/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* An event as a call tells it (struct operation): descriptors, strings of the task, numbers. Here it becomes a record. */
#pragma once

#include "../lib/argument.h"

#define FLAGS_UNKNOWN	~0U /* of a call that was not read: any may have been set */
#define O_TMPFILE_BIT	020000000
#define RENAME_EXCHANGE 2

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

/* Makes a record of the operation in s->operation. A global function for the reason that lib/path.h gives. */
GLOBAL int operation_done(struct scratch *s)
{
	struct operation *op;
	struct file_record *r;
	struct event e;
	__u64 tenants = 0;

	if (!s)
		return 0;
	op = &s->operation;
	if (!event_wanted(&e, NULL, op->type, op->flags))
		return 0;
	event_start(s, &e);
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
	event_told(s, tenants);
	return 0;
lost:
	event_unread(s);
	return 0;
}

static __always_inline bool is_exchange(const struct operation *op)
{
	return op->type == EVENT_RENAME && op->flags & RENAME_EXCHANGE;
}

/* Working memory for an operation of this type, which is cleared. The caller gives it back. */
static __always_inline struct scratch *operation_begin(__u32 type)
{
	struct scratch *s = scratch_claim();
	struct event e;

	if (s)
		__builtin_memset(&s->operation, 0, sizeof(s->operation));
	else if (event_wanted(&e, NULL, type, FLAGS_UNKNOWN))
		e.counters->lost_no_scratch++;
	return s;
}

/* Counts an operation that came to no program, or whose arguments were not there any more. */
static __always_inline void operation_lost(__u32 type)
{
	struct event e;

	if (event_wanted(&e, NULL, type, FLAGS_UNKNOWN))
		e.counters->lost_unreadable++;
}

/* The task has got a descriptor: from a call that opens, or from another process. `flags`, `mode`: of open(2). */
static __always_inline void descriptor_opened(struct task_struct *task, int fd, __u32 flags,
					      __u32 mode)
{
	struct file_record *r;
	struct scratch *s;
	struct event e;
	struct file *file;
	struct path path;

	if (!event_wanted(&e, task, EVENT_OPEN, flags))
		return;
	file = file_of(task, fd);
	/* One that another thread closed meanwhile. */
	if (!file) {
		e.counters->lost_unreadable++;
		return;
	}
	path = path_of(file);
	if (directory_drops(&e, (__u64)path.mnt, (__u64)path.dentry))
		return;
	s = event_claim(&e);
	if (!s)
		return;
	r = (void *)s->record;
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	if (was_created(file))
		r->head.flags |= FLAG_CREATED;
	if (flags & (O_CREAT | O_TMPFILE_BIT))
		r->op_mode = mode & MODE_BITS;
	event_subject(s, &path);
	push_file(s, &path);
	event_end(s, 0);
}
