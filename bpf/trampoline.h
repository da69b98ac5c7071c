/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * File events below the system call layer, by fentry and fexit: whatever way a call came in (32-bit,
 * openat2, io_uring), its objects are the ones the kernel acts on, and its outcome is known. Failed
 * operations are not reported.
 *
 * do_filp_open() opens for every caller in user space and still has the flags as asked for (the open file
 * itself has lost O_CREAT and O_TRUNC). The others know their mounts only at security_path_*() and
 * their outcome only at vfs_*(); lib/stash.h connects the two. Inner calls by stacking file systems act on
 * other dentries and are left out by that.
 */
#pragma once

#include "lib/emit.h"
#include "lib/stash.h"

SEC("fexit/do_filp_open")
int trampoline_open(__u64 *ctx)
{
	struct open_flags *how = (void *)ctx[2];
	struct file *file = (void *)ctx[3];
	struct file_record *r;
	struct scratch *s;
	struct path path;

	if ((__u64)file >= (__u64)-MAX_ERRNO || !file)
		return 0;
	s = event_begin(EVENT_OPEN, BPF_CORE_READ(how, open_flag));
	if (!s)
		return 0;
	r = (void *)s->record;
	path = BPF_CORE_READ(file, f_path);
	if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		r->head.flags |= FLAG_CREATED;
	event_subject(s, path.mnt, BPF_CORE_READ(path.dentry, d_inode));
	path_push_object(s, (__u64)path.mnt, (__u64)path.dentry);
	event_end(s, 0);
	return 0;
}

/* Whether to stash an operation: the flags of rename are judged with its outcome. */
static __always_inline struct stash *stash_begin(struct scratch **s, __u32 type)
{
	struct generation *g = generation_in(current_slot());

	if (!g || type >= EVENT_TYPES || !g->interest[type].tenants)
		return NULL;
	*s = scratch_claim();
	if (!*s) {
		struct counters *c = counters_of(type);

		if (c)
			c->lost_no_scratch++;
		return NULL;
	}
	(*s)->type = type;
	/* The names are written by whoever uses them. */
	__builtin_memset((*s)->record, 0, __builtin_offsetof(struct stash, name));
	return (void *)(*s)->record;
}

static __always_inline void keep_name(char *to, __u32 *len, struct dentry *dentry)
{
	__u32 bytes = BPF_CORE_READ(dentry, d_name.len);

	*len = bytes & 255;
	bpf_probe_read_kernel(to, bytes & 255, BPF_CORE_READ(dentry, d_name.name));
}

SEC("fexit/security_path_unlink")
int trampoline_unlink_asked(__u64 *ctx)
{
	struct path *directory = (void *)ctx[0];
	struct dentry *dentry = (void *)ctx[1];
	struct scratch *s = NULL;
	struct stash *stash = ctx[2] ? NULL : stash_begin(&s, EVENT_UNLINK);

	if (!stash)
		return 0;
	stash->type = EVENT_UNLINK;
	stash->subject = dentry;
	stash->inode =
		BPF_CORE_READ(dentry, d_inode); /* the caller holds it; the dentry will not */
	stash->path.mnt = BPF_CORE_READ(directory, mnt);
	stash_keep(s, stash);
	scratch_release(s);
	return 0;
}

SEC("fexit/security_path_chmod")
int trampoline_chmod_asked(__u64 *ctx)
{
	struct path *path = (void *)ctx[0];
	struct scratch *s = NULL;
	struct stash *stash = ctx[2] ? NULL : stash_begin(&s, EVENT_CHMOD);

	if (!stash)
		return 0;
	stash->type = EVENT_CHMOD;
	stash->mode = (__u32)ctx[1] & 07777;
	stash->subject = BPF_CORE_READ(path, dentry);
	stash->inode = BPF_CORE_READ(path, dentry, d_inode);
	stash->path.mnt = BPF_CORE_READ(path, mnt);
	stash_keep(s, stash);
	scratch_release(s);
	return 0;
}

SEC("fexit/security_path_rename")
int trampoline_rename_asked(__u64 *ctx)
{
	struct path *from = (void *)ctx[0], *to = (void *)ctx[2];
	struct dentry *dentry = (void *)ctx[1];
	struct scratch *s = NULL;
	struct stash *stash = ctx[5] ? NULL : stash_begin(&s, EVENT_RENAME);

	if (!stash)
		return 0;
	stash->type = EVENT_RENAME;
	stash->mode = ctx[4]; /* RENAME_* */
	stash->subject = dentry;
	stash->inode = BPF_CORE_READ(dentry, d_inode);
	stash->path.mnt = BPF_CORE_READ(from, mnt);
	stash->path.dentry = BPF_CORE_READ(from, dentry);
	stash->dest.mnt = BPF_CORE_READ(to, mnt);
	stash->dest.dentry = BPF_CORE_READ(to, dentry);
	/* The rename changes the dentry's name. */
	keep_name(stash->name, &stash->name_len, dentry);
	keep_name(stash->dest_name, &stash->dest_name_len, (void *)ctx[3]);
	stash_keep(s, stash);
	scratch_release(s);
	return 0;
}

/* unlink and chmod: the subject still has its name and directory. */
static __always_inline void done(__u32 type, struct dentry *dentry, int ret)
{
	struct stash *stash = stash_of(type, dentry);
	struct file_record *r;
	struct scratch *s;
	struct path path;

	if (!stash)
		return;
	if (ret)
		goto out;
	s = event_begin(type, 0);
	if (!s)
		goto out;
	r = (void *)s->record;
	path.mnt = stash->path.mnt;
	path.dentry = stash->subject; /* the same as dentry, but a number to the verifier */
	r->op_mode = stash->mode;
	event_subject(s, path.mnt, stash->inode);
	path_push_object(s, (__u64)path.mnt, (__u64)path.dentry);
	event_end(s, 0);
out:
	stash_drop();
}

SEC("fexit/vfs_unlink")
int trampoline_unlink_done(__u64 *ctx)
{
	/* (dir, dentry, delegated_inode); since 5.12 with the mount's id mapping in front. */
	if (options.nargs_vfs_unlink == 3)
		done(EVENT_UNLINK, (void *)ctx[1], ctx[3]);
	else if (options.nargs_vfs_unlink == 4)
		done(EVENT_UNLINK, (void *)ctx[2], ctx[4]);
	return 0;
}

SEC("fexit/notify_change")
int trampoline_chmod_done(__u64 *ctx)
{
	/* (dentry, attr, delegated_inode); since 5.12 with the mount's id mapping in front. */
	if (options.nargs_notify_change == 3)
		done(EVENT_CHMOD, (void *)ctx[0], ctx[3]);
	else if (options.nargs_notify_change == 4)
		done(EVENT_CHMOD, (void *)ctx[1], ctx[4]);
	return 0;
}

static __always_inline void push_kept_name(struct scratch *s, const char *name, __u32 len)
{
	bpf_probe_read_kernel(s->user, NAME_BYTES_MAX, name);
	path_push_user(s, 0, len);
}

static __always_inline void rename_done(struct dentry *dentry, int ret)
{
	struct stash *stash = stash_of(EVENT_RENAME, dentry);
	struct scratch *s;
	__u64 tenants;

	if (!stash)
		return;
	if (ret)
		goto out;
	s = event_begin(EVENT_RENAME, stash->mode);
	if (!s)
		goto out;
	event_subject(s, stash->path.mnt, stash->inode);
	path_push_object(s, (__u64)stash->path.mnt, (__u64)stash->path.dentry);
	push_kept_name(s, stash->name, stash->name_len);
	tenants = event_next_path(s);
	path_push_object(s, (__u64)stash->dest.mnt, (__u64)stash->dest.dentry);
	push_kept_name(s, stash->dest_name, stash->dest_name_len);
	event_end(s, tenants);
out:
	stash_drop();
}

SEC("fexit/vfs_rename")
int trampoline_rename_done(__u64 *ctx)
{
	/* (old_dir, old_dentry, new_dir, new_dentry, delegated_inode, flags); since 5.12 one struct renamedata. */
	if (options.nargs_vfs_rename == 6) {
		rename_done((void *)ctx[1], ctx[6]);
	} else if (options.nargs_vfs_rename == 1) {
		struct renamedata *rd = (void *)ctx[0];

		rename_done(BPF_CORE_READ(rd, old_dentry), ctx[1]);
	}
	return 0;
}
