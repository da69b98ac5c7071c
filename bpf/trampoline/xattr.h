/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * setxattr and removexattr. No hook of theirs knows the mount, but on the way to each the task has asked
 * for write access to it: the last such mount is kept with the task.
 *
 * A stacking file system does the same again for the file below, within the outer call. Overlayfs does so through
 * a mount of its own, of which nothing is kept but that there was one; others are told by their super block, which is
 * not that of the outer call.
 */
#pragma once

#include "../lib/stash.h"

#define XATTR_TYPES (TYPE_BIT(EVENT_SETXATTR) | TYPE_BIT(EVENT_REMOVEXATTR))

OF_TASKS(written_mounts, __u64)

static __always_inline void keep_mount(__u64 mnt)
{
	struct mount *mount = real_mount((void *)mnt);
	__u64 *kept;

	if (!stash_wanted(EVENT_SETXATTR) && !stash_wanted(EVENT_REMOVEXATTR))
		return;
	kept = written_mounts_of_task(true);
	if (kept && !is_internal(mount))
		*kept = mnt;
}

SEC("fentry/mnt_want_write")
int trampoline_xattr_mount(void *ctx)
{
	keep_mount(argument(ctx, 0));
	return 0;
}

SEC("fentry/mnt_want_write_file")
int trampoline_xattr_file(void *ctx)
{
	struct file *file = (void *)argument(ctx, 0);

	keep_mount((__u64)BPF_CORE_READ(file, f_path.mnt));
	return 0;
}

/* Whether this call serves another one, by a file system that is stacked on the one of `sb`. */
static __always_inline bool is_inner(struct super_block *sb)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct stash *outer = bpf_map_lookup_elem(&stashes, &id);
	struct dentry *subject;

	if (!outer || !(XATTR_TYPES & TYPE_BIT(outer->type & 63)))
		return false;
	subject = outer->subject;
	return BPF_CORE_READ(subject, d_inode, i_sb) != sb;
}

/* (idmap, dentry, …). `name`: a string of the kernel that lives until the call has ended. */
static __always_inline void xattr_asked(void *ctx, __u32 type, __u64 name, __u32 flags)
{
	struct dentry *dentry = (void *)argument(ctx, MAPPED(1));
	struct super_block *sb = BPF_CORE_READ(dentry, d_inode, i_sb);
	struct counters *c = counters_of(type);
	struct scratch *s = NULL;
	struct stash *stash;
	struct vfsmount *mnt;
	__u64 *kept;

	if (!c || !stash_wanted(type))
		return;
	kept = written_mounts_of_task(false);
	if (!kept) {
		c->lost_no_stash++; /* no memory then, or another task's program was at it */
		return;
	}
	mnt = (void *)*kept;
	if (BPF_CORE_READ(mnt, mnt_sb) != sb || is_inner(sb))
		return;
	stash = stash_begin(&s, type);
	if (!stash)
		return;
	stash_subject(stash, mnt, dentry);
	stash->record.op_flags = flags;
	stash->text_kind = TEXT_KERNEL;
	stash->text = name;
	stash_keep(s, stash);
}

static __always_inline void xattr_done(void *ctx, __u32 parameters)
{
	stash_done(XATTR_TYPES, argument(ctx, MAPPED(1)), result_of(ctx, parameters));
}

/* vfs_setxattr(idmap, dentry, name, value, size, flags) */
SEC("fentry/vfs_setxattr")
int trampoline_setxattr_asked(void *ctx)
{
	xattr_asked(ctx, EVENT_SETXATTR, argument(ctx, MAPPED(2)), argument(ctx, MAPPED(5)));
	return 0;
}

SEC("fexit/vfs_setxattr")
int trampoline_setxattr_done(void *ctx)
{
	xattr_done(ctx, MAPPED(6));
	return 0;
}

SEC("fentry/vfs_removexattr")
int trampoline_removexattr_asked(void *ctx)
{
	xattr_asked(ctx, EVENT_REMOVEXATTR, argument(ctx, MAPPED(2)), 0);
	return 0;
}

SEC("fexit/vfs_removexattr")
int trampoline_removexattr_done(void *ctx)
{
	xattr_done(ctx, MAPPED(3));
	return 0;
}

/* Access control lists are attributes too (system.posix_acl_*), since 6.2 by functions of their own. */
SEC("fentry/vfs_set_acl")
int trampoline_setxattr_acl_asked(void *ctx)
{
	xattr_asked(ctx, EVENT_SETXATTR, argument(ctx, 2), 0);
	return 0;
}

SEC("fexit/vfs_set_acl")
int trampoline_setxattr_acl_done(void *ctx)
{
	xattr_done(ctx, 4);
	return 0;
}

SEC("fentry/vfs_remove_acl")
int trampoline_removexattr_acl_asked(void *ctx)
{
	xattr_asked(ctx, EVENT_REMOVEXATTR, argument(ctx, MAPPED(2)), 0);
	return 0;
}

SEC("fexit/vfs_remove_acl")
int trampoline_removexattr_acl_done(void *ctx)
{
	xattr_done(ctx, 3);
	return 0;
}

static const char FILEATTR[] = "system.fileattr";

/*
 * vfs_fileattr_set(idmap, dentry, attributes): what chattr(1) sets, by FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR or
 * file_setattr(2), as an attribute of this name.
 */
SEC("fentry/vfs_fileattr_set")
int trampoline_fileattr_asked(void *ctx)
{
	xattr_asked(ctx, EVENT_SETXATTR, (__u64)FILEATTR, 0);
	return 0;
}

SEC("fexit/vfs_fileattr_set")
int trampoline_fileattr_done(void *ctx)
{
	xattr_done(ctx, 3);
	return 0;
}
