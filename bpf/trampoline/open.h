/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * open. do_filp_open() opens for every caller in user space and still has the flags as asked for (the open file itself
 * has lost O_CREAT and O_TRUNC). One that was refused has no file: its path is the name that was asked for, resolved as
 * lib/argument.h does.
 */
#pragma once

#include "../lib/argument.h"
#include "../lib/stash.h"

#define O_NOFOLLOW     0400000
#define LOOKUP_IN_ROOT 0x100000

/* An open that was refused, as it was asked for. */
struct refused_open {
	__u32 flags;
	__u32 mode;
	__u32 lookup_flags;
	__s32 fd;
	__u64 name; /* a string of the kernel */
	__s64 result;
};

/* Appends the path of a refused open, whose name can't leave the directory where that is asked for (RESOLVE_IN_ROOT). */
static __always_inline int push_refused(struct scratch *s, struct refused_open *open)
{
	bool in_root = open->lookup_flags & LOOKUP_IN_ROOT;
	struct path base;
	long bytes;

	s->user[0] = '/';
	bytes = bpf_probe_read_kernel_str(in_root ? s->user + 1 : s->user, PATH_BYTES_MAX + 1,
					  (void *)open->name);
	if (bytes < 0)
		return -1;
	if (!in_root)
		return push_string(s, open->fd, !(open->flags & O_NOFOLLOW));
	if (push_descriptor(s, open->fd, &base) < 0)
		return -1;
	path_push_string(s);
	if (bytes > PATH_BYTES_MAX)
		s->truncated = 1; /* with the slash, too long to be read to its end */
	return 0;
}

/* A global function for the reason that lib/path.h gives. */
__noinline int open_refused(struct refused_open *open)
{
	struct file_record *r;
	struct scratch *s;

	if (!open)
		return 0;
	s = event_begin(EVENT_OPEN, open->flags);
	if (!s)
		return 0;
	r = (void *)s->record;
	event_outcome(s, open->result);
	r->head.flags |= FLAG_RESOLVED_AT_SYSCALL;
	r->op_mode = open->mode & MODE_BITS;
	if (push_refused(s, open) < 0)
		event_lost(s);
	else
		event_end(s, 0);
	return 0;
}

/* do_filp_open(dfd, name, how): the file or an error. */
SEC("fexit/do_filp_open")
int trampoline_open(void *ctx)
{
	struct open_flags *how = (void *)argument(ctx, 2);
	struct file *file = (void *)returned(ctx);
	struct file_record *r;
	struct scratch *s;
	struct path path;

	if ((__u64)file >= (__u64)-MAX_ERRNO) {
		struct filename *name = (void *)argument(ctx, 1);
		struct refused_open refused = { .fd = argument(ctx, 0), .result = (__s64)file };

		if (!is_refusal(refused.result))
			return 0;
		refused.flags = READ(how, open_flag);
		refused.mode = READ(how, mode);
		refused.lookup_flags = READ(how, lookup_flags);
		refused.name = (__u64)READ(name, name);
		open_refused(&refused);
		return 0;
	}
	if (!file)
		return 0;
	s = event_begin(EVENT_OPEN, READ(how, open_flag));
	if (!s)
		return 0;
	r = (void *)s->record;
	path = path_of(file);
	if (was_created(file))
		r->head.flags |= FLAG_CREATED;
	r->op_mode = READ(how, mode) & MODE_BITS;
	event_subject(s, &path);
	push_file(s, &path);
	event_end(s, 0);
	return 0;
}
