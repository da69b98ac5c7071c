/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What happens to names in directories: unlink, rmdir, mkdir, link, symlink, rename. The first parameters of the
 * vfs_*() functions are the mount's id mapping, since 5.12, and the directory.
 */
#pragma once

#include "../lib/made.h"
#include "../lib/stash.h"

#define RENAME_EXCHANGE 2

/* A name of this directory is to go away. The caller holds its inode; the dentry will not. */
static __always_inline void removal_asked(void *ctx, __u32 type)
{
	struct path *directory = (void *)argument(ctx, 0);
	struct scratch *s = NULL;
	struct stash *stash = stash_if_reported(&s, type, result_of(ctx, 2));

	if (!stash)
		return;
	stash_subject(stash, BPF_CORE_READ(directory, mnt), (void *)argument(ctx, 1));
	stash_asked(s, stash, result_of(ctx, 2));
}

SEC("fexit/security_path_unlink")
int trampoline_unlink_asked(void *ctx)
{
	removal_asked(ctx, EVENT_UNLINK);
	return 0;
}

/* vfs_unlink(idmap, dir, dentry, delegated_inode) */
SEC("fexit/vfs_unlink")
int trampoline_unlink_done(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_UNLINK), argument(ctx, MAPPED(2)), result_of(ctx, MAPPED(4)));
	return 0;
}

SEC("fexit/security_path_rmdir")
int trampoline_rmdir_asked(void *ctx)
{
	removal_asked(ctx, EVENT_RMDIR);
	return 0;
}

/* vfs_rmdir(idmap, dir, dentry) */
SEC("fexit/vfs_rmdir")
int trampoline_rmdir_done(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_RMDIR), argument(ctx, MAPPED(2)), result_of(ctx, MAPPED(3)));
	return 0;
}

SEC("fexit/security_path_mkdir")
int trampoline_mkdir_asked(void *ctx)
{
	struct path *directory = (void *)argument(ctx, 0);
	struct scratch *s = NULL;
	struct stash *stash = stash_if_reported(&s, EVENT_MKDIR, result_of(ctx, 3));

	if (!stash)
		return 0;
	stash->subject = (void *)argument(ctx, 1);
	stash_name(&stash->path, directory, stash->subject);
	stash_asked(s, stash, result_of(ctx, 3));
	return 0;
}

/*
 * vfs_mkdir(idmap, dir, dentry, mode). Since 6.15 it returns the dentry of the new directory, which may be
 * another one than it was given, or an error. What is described is the new directory; one that was not made has the
 * name that it should have got.
 */
SEC("fexit/vfs_mkdir")
int trampoline_mkdir_done(void *ctx)
{
	__u64 subject = argument(ctx, MAPPED(2)), made = returned(ctx, MAPPED(4));
	struct stash *stash = stash_of(TYPE_BIT(EVENT_MKDIR), subject);
	__s64 result;

	if (!stash)
		return 0;
	if (options.mkdir_returns_dentry) {
		result = made >= (__u64)-MAX_ERRNO ? (__s64)made : 0;
	} else {
		result = (int)made;
		made = subject;
	}
	stash->record.op_mode = (__u32)argument(ctx, MAPPED(3)) & MODE_BITS;
	if (result == 0) {
		stash_subject(stash, stash->path.path.mnt, (void *)made);
		stash->path.name_len = 0;
		subject = made;
	}
	stash_done(TYPE_BIT(EVENT_MKDIR), subject, result);
	return 0;
}

/* Both names lie on the mount of the new directory, or the kernel refuses (EXDEV). */
SEC("fexit/security_path_link")
int trampoline_link_asked(void *ctx)
{
	struct path *directory = (void *)argument(ctx, 1);
	struct scratch *s = NULL;
	struct stash *stash = stash_if_reported(&s, EVENT_LINK, result_of(ctx, 3));

	if (!stash)
		return 0;
	stash_subject(stash, BPF_CORE_READ(directory, mnt), (void *)argument(ctx, 0));
	stash->dest.path.mnt = stash->path.path.mnt;
	stash->dest.path.dentry = (void *)argument(ctx, 2);
	stash_asked(s, stash, result_of(ctx, 3));
	return 0;
}

/* vfs_link(old_dentry, idmap, dir, new_dentry, delegated_inode) */
SEC("fexit/vfs_link")
int trampoline_link_done(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_LINK), argument(ctx, 0), result_of(ctx, MAPPED(5)));
	return 0;
}

/*
 * A symbolic link: its name is the destination, and what it says is the source, resolved lexically from its directory
 * on. A global function for the reason that lib/path.h gives. `text`: a string of the kernel.
 */
GLOBAL int symlink_done(__u64 mnt, __u64 dentry, __u64 text, int result)
{
	struct task_struct *task = current_task();
	struct dentry *link = (void *)dentry;
	struct path root;
	struct scratch *s;
	__u64 tenants;

	if (!is_reported(result))
		return 0;
	s = event_begin(EVENT_LINK, 0);
	if (!s)
		return 0;
	event_outcome(s, result);
	if (bpf_probe_read_kernel_str(s->user, PATH_BYTES_MAX + 1, (void *)text) < 0) {
		event_lost(s);
		return 0;
	}
	if (s->user[0] == '/') {
		root.mnt = KNOWN(task, fs, root.mnt);
		root.dentry = KNOWN(task, fs, root.dentry);
		push_path(s, &root);
	} else {
		path_push_object(s, mnt, (__u64)BPF_CORE_READ(link, d_parent));
	}
	path_push_string(s, 0, s->user[0] == '/' ? s->depth : 0);
	tenants = event_next_path(s);
	path_push_object(s, mnt, dentry);
	event_end(s, tenants);
	return 0;
}

/* security_path_symlink(dir, dentry, text) */
SEC("fexit/security_path_symlink")
int trampoline_symlink_asked(void *ctx)
{
	struct path *directory = (void *)argument(ctx, 0);
	__u64 mnt = (__u64)BPF_CORE_READ(directory, mnt), dentry = argument(ctx, 1);
	int result = result_of(ctx, 3);

	if (result == 0)
		made_asked(mnt, dentry, EVENT_LINK);
	else
		symlink_done(mnt, dentry, argument(ctx, 2), result);
	return 0;
}

/* vfs_symlink(idmap, dir, dentry, text) */
SEC("fexit/vfs_symlink")
int trampoline_symlink_done(void *ctx)
{
	__u64 dentry = argument(ctx, MAPPED(2)), mnt = made_mount(dentry);

	if (mnt)
		symlink_done(mnt, dentry, argument(ctx, MAPPED(3)), result_of(ctx, MAPPED(4)));
	return 0;
}

/* security_path_rename(old_dir, old_dentry, new_dir, new_dentry, flags). It changes the names of dentries. */
SEC("fexit/security_path_rename")
int trampoline_rename_asked(void *ctx)
{
	struct path *from = (void *)argument(ctx, 0);
	struct dentry *dentry = (void *)argument(ctx, 1);
	struct scratch *s = NULL;
	struct stash *stash = stash_if_reported(&s, EVENT_RENAME, result_of(ctx, 5));

	if (!stash)
		return 0;
	stash_subject(stash, BPF_CORE_READ(from, mnt), dentry);
	stash->record.op_flags = argument(ctx, 4); /* RENAME_* */
	if (stash->record.op_flags & RENAME_EXCHANGE)
		stash->exchanged = (void *)argument(ctx, 3);
	stash_name(&stash->path, from, dentry);
	stash_name(&stash->dest, (void *)argument(ctx, 2), (void *)argument(ctx, 3));
	stash_asked(s, stash, result_of(ctx, 5));
	return 0;
}

/* Of two names that are exchanged each is an old one and a new one. */
SEC("fexit/vfs_rename")
int trampoline_rename_done(void *ctx)
{
	struct renamedata *rename = (void *)argument(ctx, 0);

#ifdef WEIR_LEGACY
	/* (old_dir, old_dentry, new_dir, new_dentry, delegated_inode, flags) */
	if (!bpf_core_type_exists(struct renamedata)) {
		stash_done(TYPE_BIT(EVENT_RENAME), argument(ctx, 1), result_of(ctx, 6));
		return 0;
	}
#endif
	stash_done(TYPE_BIT(EVENT_RENAME), (__u64)BPF_CORE_READ(rename, old_dentry),
		   result_of(ctx, 1));
	return 0;
}
