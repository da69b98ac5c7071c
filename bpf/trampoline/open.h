/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * open, and what is one to rules: a file that is truncated by its name, made by mknod, or received as a descriptor.
 *
 * do_filp_open() opens for every caller in user space, do_file_open_root() for open_by_handle_at(2), and both still have
 * the flags as asked for (the open file itself has lost O_CREAT and O_TRUNC). An open that was refused has no file: its
 * path is the name that was asked for, resolved as lib/argument.h does.
 */
#pragma once

#include "../lib/argument.h"
#include "../lib/made.h"
#include "../lib/stash.h"

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

	if (bpf_probe_read_kernel_str(s->user, PATH_BYTES_MAX + 1, (void *)open->name) < 0)
		return -1;
	if (!in_root)
		return push_string(s, open->fd, !(open->flags & O_NOFOLLOW));
	return push_string_below(s, open->fd);
}

/* A global function for the reason that lib/path.h gives. */
GLOBAL int open_refused(struct refused_open *open)
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

static __always_inline bool is_error(struct file *file)
{
	return (__u64)file >= (__u64)-MAX_ERRNO;
}

static __always_inline void file_opened(struct open_flags *how, struct file *file)
{
	struct path path = path_of(file);
	struct scratch *s = file_event_begin(EVENT_OPEN, READ(how, open_flag), &path);
	struct file_record *r;

	if (!s)
		return;
	r = (void *)s->record;
	if (was_created(file))
		r->head.flags |= FLAG_CREATED;
	r->op_mode = READ(how, mode) & MODE_BITS;
	event_subject(s, &path);
	push_file(s, &path);
	event_end(s, 0);
}

/* do_filp_open(dfd, name, how): the file or an error. */
SEC("fexit/do_filp_open")
int trampoline_open(void *ctx)
{
	struct open_flags *how = (void *)argument(ctx, 2);
	struct file *file = (void *)returned(ctx, 3);

	if (is_error(file)) {
		struct filename *name = (void *)argument(ctx, 1);
		struct refused_open refused = { .fd = argument(ctx, 0), .result = (__s64)file };

		if (!is_refusal(refused.result))
			return 0;
		refused.flags = READ(how, open_flag);
		refused.mode = READ(how, mode);
		refused.lookup_flags = READ(how, lookup_flags);
		refused.name = (__u64)READ(name, name);
		open_refused(&refused);
	} else if (file) {
		file_opened(how, file);
	}
	return 0;
}

/* An event about an object by itself, with flags of an open. A global function for the reason that lib/path.h gives. */
GLOBAL int object_opened(__u64 mnt, __u64 dentry, __u64 flags_and_mode, int result)
{
	struct path path = { .mnt = (void *)mnt, .dentry = (void *)dentry };
	__u32 flags = flags_and_mode >> 32;
	struct scratch *s;

	if (!is_reported(result))
		return 0;
	s = file_event_begin(EVENT_OPEN, flags, &path);
	if (!s)
		return 0;
	event_outcome(s, result);
	if (flags & O_CREAT && result == 0)
		((struct record *)s->record)->flags |= FLAG_CREATED;
	((struct file_record *)s->record)->op_mode = flags_and_mode;
	event_subject(s, &path);
	push_file(s, &path);
	event_end(s, 0);
	return 0;
}

#define FLAGS_AND_MODE(flags, mode) ((__u64)(flags) << 32 | (__u32)(mode))

/*
 * do_file_open_root(root, name, how): open_by_handle_at(2), with an empty name below the file itself. Others are the
 * kernel's own.
 */
SEC("fexit/do_file_open_root")
int trampoline_open_root(void *ctx)
{
	struct path *root = (void *)argument(ctx, 0);
	struct open_flags *how = (void *)argument(ctx, 2);
	struct file *file = (void *)returned(ctx, 3);

	if (!is_error(file))
		file_opened(how, file);
	else if (is_refusal((__s64)file))
		object_opened((__u64)BPF_CORE_READ(root, mnt), (__u64)BPF_CORE_READ(root, dentry),
			      FLAGS_AND_MODE(BPF_CORE_READ(how, open_flag) & ~O_CREAT, 0),
			      (__s64)file);
	return 0;
}

/* vfs_truncate(path, length): truncate(2), as if it was opened for that. */
SEC("fexit/vfs_truncate")
int trampoline_truncate(void *ctx)
{
	struct path *path = (void *)argument(ctx, 0);

	object_opened((__u64)BPF_CORE_READ(path, mnt), (__u64)BPF_CORE_READ(path, dentry),
		      FLAGS_AND_MODE(O_WRONLY | O_TRUNC, 0), result_of(ctx, 2));
	return 0;
}

/*
 * security_file_receive(file): a descriptor from another process, by a socket (SCM_RIGHTS), pidfd_getfd(2) or
 * SECCOMP_IOCTL_NOTIF_ADDFD. Of a file on some path, not of pipes, sockets or memory.
 */
SEC("fexit/security_file_receive")
int trampoline_received(void *ctx)
{
	struct file *file = (void *)argument(ctx, 0);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);

	if (!is_internal(real_mount(mnt)))
		object_opened((__u64)mnt, (__u64)BPF_CORE_READ(file, f_path.dentry),
			      FLAGS_AND_MODE(BPF_CORE_READ(file, f_flags), 0), result_of(ctx, 1));
	return 0;
}

/*
 * security_path_mknod(dir, dentry, mode, dev): mknod(2), bind(2) of a socket to a path, and each open that creates. A
 * regular file that is refused here is left to do_filp_open(), for which that is nearly always.
 */
SEC("fexit/security_path_mknod")
int trampoline_mknod_asked(void *ctx)
{
	struct path *directory = (void *)argument(ctx, 0);
	__u64 mnt = (__u64)BPF_CORE_READ(directory, mnt), dentry = argument(ctx, 1);
	__u32 mode = argument(ctx, 2), format = mode & S_IFMT;
	int result = result_of(ctx, 4);

	if (result == 0)
		made_asked(mnt, dentry, EVENT_OPEN);
	else if (format && format != S_IFREG)
		object_opened(mnt, dentry, FLAGS_AND_MODE(O_CREAT | O_EXCL, mode), result);
	return 0;
}

static __always_inline void mknod_done(void *ctx, __u64 dentry, __u32 mode)
{
	__u64 mnt = made_mount(dentry);

	if (mnt)
		object_opened(mnt, dentry, FLAGS_AND_MODE(O_CREAT | O_EXCL, mode),
			      result_of(ctx, MAPPED(5)));
}

/* vfs_mknod(idmap, dir, dentry, mode, dev) */
SEC("fexit/vfs_mknod")
int trampoline_mknod_done(void *ctx)
{
	mknod_done(ctx, argument(ctx, MAPPED(2)), argument(ctx, MAPPED(3)));
	return 0;
}

/* vfs_create(idmap, dir, dentry, mode, exclusive): mknod(2) of a regular file. */
SEC("fexit/vfs_create")
int trampoline_create_done(void *ctx)
{
	mknod_done(ctx, argument(ctx, MAPPED(2)), argument(ctx, MAPPED(3)));
	return 0;
}

/* vfs_create(idmap, dentry, mode, …): since 7.0 or so. */
SEC("fexit/vfs_create")
int trampoline_create_done_in(void *ctx)
{
	mknod_done(ctx, argument(ctx, 1), argument(ctx, 2));
	return 0;
}
