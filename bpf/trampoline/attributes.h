/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* chmod, chown, utimes: each asks in its own way, and notify_change() does it. */
#pragma once

#include "../lib/stash.h"

static __always_inline struct stash *attributes_begin(struct scratch **s, __u32 type,
						      struct path *path)
{
	struct stash *stash = stash_begin(s, type);

	if (stash)
		stash_subject(stash, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry));
	return stash;
}

SEC("fexit/security_path_chmod")
int trampoline_chmod_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash = call_failed(ctx)
				      ? NULL
				      : attributes_begin(&s, EVENT_CHMOD, (void *)argument(ctx, 0));

	if (!stash)
		return 0;
	stash->record.op_mode = (__u32)argument(ctx, 1) & MODE_BITS;
	stash_keep(s, stash);
	return 0;
}

/* The ids are those of the initial user namespace. */
SEC("fexit/security_path_chown")
int trampoline_chown_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash = call_failed(ctx)
				      ? NULL
				      : attributes_begin(&s, EVENT_CHOWN, (void *)argument(ctx, 0));

	if (!stash)
		return 0;
	stash->record.op_uid = argument(ctx, 1);
	stash->record.op_gid = argument(ctx, 2);
	stash_keep(s, stash);
	return 0;
}

SEC("fentry/vfs_utimes")
int trampoline_utimes_asked(void *ctx)
{
	struct scratch *s = NULL;
	struct stash *stash = attributes_begin(&s, EVENT_UTIMES, (void *)argument(ctx, 0));

	if (stash)
		stash_keep(s, stash);
	return 0;
}

/* notify_change(idmap, dentry, attr, delegated_inode) */
SEC("fexit/notify_change")
int trampoline_attributes_done(void *ctx)
{
	stash_done(TYPE_BIT(EVENT_CHMOD) | TYPE_BIT(EVENT_CHOWN) | TYPE_BIT(EVENT_UTIMES),
		   argument(ctx, 1), call_failed(ctx));
	return 0;
}
