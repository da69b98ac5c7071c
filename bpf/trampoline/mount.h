/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * mount and umount. What is described is the root of the mount, in its file system; its path is the mount
 * point. A mount that is in no tree yet (fsmount, open_tree) is reported when it is moved into one.
 */
#pragma once

#include "../lib/stash.h"
#include "../lib/argument.h"

/* The newest mount at this place. NULL: none. */
static __always_inline struct mount *mounted_at(struct path *place)
{
	struct mount *parent = real_mount(BPF_CORE_READ(place, mnt)), *child;
	__u64 newest = (__u64)BPF_CORE_READ(parent, mnt_mounts.prev);

	child = (void *)newest - __builtin_preserve_field_info(((struct mount *)0)->mnt_child,
							       BPF_FIELD_BYTE_OFFSET);
	return BPF_CORE_READ(child, mnt_mountpoint) == BPF_CORE_READ(place, dentry) ? child : NULL;
}

/* path_mount(dev_name, path, type, flags, data): mount(2). */
SEC("fexit/path_mount")
int trampoline_mount(void *ctx)
{
	enum mount_kind kind = mount_kind(argument(ctx, 3));
	struct path *place = (void *)argument(ctx, 1), path;
	struct mount *mounted;
	struct scratch *s;
	int result = result_of(ctx, 5);
	__u64 tenants = 0;

	if (!is_reported(result) || kind == MOUNT_NOTHING)
		return 0;
	s = event_begin(EVENT_MOUNT, 0);
	if (!s)
		return 0;
	event_outcome(s, result);
	mounted = result == 0 ? mounted_at(place) : NULL;
	if (mounted) {
		path.mnt = vfsmount_of(mounted);
		path.dentry = BPF_CORE_READ(mounted, mnt.mnt_root);
		event_subject(s, &path);
		event_text(s, TEXT_DENTRY, (__u64)path.dentry);
	} else {
		path.mnt = BPF_CORE_READ(place, mnt);
		path.dentry = BPF_CORE_READ(place, dentry);
		event_text(s, TEXT_UNKNOWN, 0);
	}
	push_path(s, &path);
	if (kind == MOUNT_BIND) {
		tenants = event_next_path(s);
		if (bpf_probe_read_kernel_str(s->user, sizeof(s->user), (void *)argument(ctx, 0)) <
			    0 ||
		    push_string(s, AT_FDCWD, 1) < 0) {
			event_lost(s);
			return 0;
		}
	}
	event_end(s, tenants);
	return 0;
}

/* security_move_mount(from, to): move_mount(2). */
SEC("fexit/security_move_mount")
int trampoline_mount_moved_asked(void *ctx)
{
	struct path *from = (void *)argument(ctx, 0);
	struct scratch *s = NULL;
	struct stash *stash = stash_if_reported(&s, EVENT_MOUNT, result_of(ctx, 2));

	if (!stash)
		return 0;
	/* What is moved is the root of its mount; afterwards its path is the new mount point. */
	stash_subject(stash, BPF_CORE_READ(from, mnt), BPF_CORE_READ(from, dentry));
	stash->text_kind = TEXT_DENTRY;
	stash->text = (__u64)stash->subject;
	stash->subject = NULL;
	if (result_of(ctx, 2) != 0) {
		struct path *to = (void *)argument(ctx, 1);

		stash->path.path.mnt = BPF_CORE_READ(to, mnt);
		stash->path.path.dentry = BPF_CORE_READ(to, dentry);
	}
	stash_asked(s, stash, result_of(ctx, 2));
	return 0;
}

#if defined(__TARGET_ARCH_x86)
SEC("fexit/__x64_sys_move_mount")
#else
SEC("fexit/__arm64_sys_move_mount")
#endif
int trampoline_mount_moved_done(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_MOUNT), 0, result_of(ctx, 1));
	return 0;
}

/* By int 0x80 or in a 32-bit program; x86 alone has another function for that. */
SEC("fexit/__ia32_sys_move_mount")
int trampoline_mount_moved_done_ia32(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_MOUNT), 0, result_of(ctx, 1));
	return 0;
}

/*
 * path_umount(path, flags). The mount has left the tree afterwards, so the place below it is kept. Where nothing is
 * mounted, what is refused is about the path itself.
 */
SEC("fentry/path_umount")
int trampoline_umount_asked(void *ctx)
{
	struct path *path = (void *)argument(ctx, 0);
	struct scratch *s = NULL;
	struct stash *stash = stash_begin(&s, EVENT_UMOUNT);
	struct mount *mount;

	if (!stash)
		return 0;
	stash_subject(stash, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry));
	mount = real_mount(stash->path.path.mnt);
	if (stash->subject == BPF_CORE_READ(mount, mnt.mnt_root)) {
		stash->path.path.mnt = vfsmount_of(BPF_CORE_READ(mount, mnt_parent));
		stash->path.path.dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	}
	stash_keep(s, stash);
	return 0;
}

SEC("fexit/path_umount")
int trampoline_umount_done(void *ctx)
{
	struct path *path = (void *)argument(ctx, 0);

	stash_done(TYPE_BIT(EVENT_UMOUNT), (__u64)BPF_CORE_READ(path, dentry), result_of(ctx, 2));
	return 0;
}
