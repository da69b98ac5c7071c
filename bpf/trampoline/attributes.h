/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* chmod and chown ask in their own ways, and notify_change() does it. utimes has a function of its own. */
#pragma once

#include "../lib/stash.h"

static __always_inline struct stash *attributes_begin(struct scratch **s, __u32 type,
						      struct path *path, int result)
{
	struct stash *stash = stash_if_reported(s, type, result);

	if (stash)
		stash_subject(stash, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry));
	return stash;
}

SEC("fexit/security_path_chmod")
int trampoline_chmod_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash =
		attributes_begin(&s, EVENT_CHMOD, (void *)argument(ctx, 0), result_of(ctx, 2));

	if (!stash)
		return 0;
	stash->record.op_mode = (__u32)argument(ctx, 1) & MODE_BITS;
	stash_asked(s, stash, result_of(ctx, 2));
	return 0;
}

/* The ids are those of the initial user namespace. */
SEC("fexit/security_path_chown")
int trampoline_chown_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash =
		attributes_begin(&s, EVENT_CHOWN, (void *)argument(ctx, 0), result_of(ctx, 3));

	if (!stash)
		return 0;
	stash->record.op_uid = argument(ctx, 1);
	stash->record.op_gid = argument(ctx, 2);
	stash_asked(s, stash, result_of(ctx, 3));
	return 0;
}

/*
 * chown_common(path, user, group): where trampolines take no function whose arguments are structures, as kuid_t is
 * (before 6.1). The ids are as the call gave them.
 */
SEC("fentry/chown_common")
int trampoline_chown_common_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash = attributes_begin(&s, EVENT_CHOWN, (void *)argument(ctx, 0), 0);

	if (!stash)
		return 0;
	stash->record.op_uid = argument(ctx, 1);
	stash->record.op_gid = argument(ctx, 2);
	stash_keep(s, stash);
	return 0;
}

/* notify_change(idmap, dentry, attr, delegated_inode) */
SEC("fexit/notify_change")
int trampoline_attributes_done(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_CHMOD) | TYPE_BIT(EVENT_CHOWN), argument(ctx, MAPPED(1)),
		   result_of(ctx, MAPPED(4)));
	return 0;
}

/* vfs_utimes(path, times). What it does before notify_change() can fail. */
SEC("fentry/vfs_utimes")
int trampoline_utimes_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash = attributes_begin(&s, EVENT_UTIMES, (void *)argument(ctx, 0), 0);

	if (stash)
		stash_keep(s, stash);
	return 0;
}

SEC("fexit/vfs_utimes")
int trampoline_utimes_done(void *ctx)
{
	struct path *path = (void *)argument(ctx, 0);

	stash_done(TYPE_BIT(EVENT_UTIMES), (__u64)BPF_CORE_READ(path, dentry), result_of(ctx, 2));
	return 0;
}
