/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Names that come to be (mknod, symlink). security_path_*() knows the mount and vfs_*() all the rest, so the mount is
 * kept with the task in between, for this dentry alone: most opens that create come by the former, too, and never get
 * to the latter. Stacking file systems make names below by the latter alone.
 */
#pragma once

#include "names.h"

struct made {
	__u64 mnt;
	__u64 dentry;
};

OF_TASKS(names_made, struct made)

/* A name is going to be made, which is an event of `type`. */
static __always_inline void made_asked(__u64 mnt, __u64 dentry, __u32 type)
{
	struct counters *c = counters_of(type);
	struct generation *g = generation_in(current_slot());
	struct made *made;

	if (!g || !c || type >= EVENT_TYPES || !g->interest[type].tenants)
		return;
	made = names_made_of_task(true);
	if (!made) {
		c->lost_no_stash++; /* no memory, or another task's program was at it */
		return;
	}
	made->mnt = mnt;
	made->dentry = dentry;
}

/* The mount of a name that has been made, or was refused; 0: not asked for. */
static __always_inline __u64 made_mount(__u64 dentry)
{
	struct made *made = names_made_of_task(false);

	if (!made || made->dentry != dentry)
		return 0;
	made->dentry = 0;
	return made->mnt;
}
