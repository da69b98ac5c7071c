/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Names that come to be (mknod, symlink). security_path_*() knows the mount and vfs_*() all the rest, so the mount is
 * kept with the task in between, for this dentry alone: most opens that create come by the former, too, and never get
 * to the latter. Stacking file systems make names below by the latter alone.
 */
#pragma once

#include "emit.h"

struct made {
	__u64 mnt;
	__u64 dentry;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct made);
} names_made SEC(".maps");

/* A name is going to be made, which is an event of `type`. */
static __always_inline void made_asked(__u64 mnt, __u64 dentry, __u32 type)
{
	struct counters *c = counters_of(type);
	struct generation *g = generation_in(current_slot());
	struct made *made;

	if (!g || !c || type >= EVENT_TYPES || !g->interest[type].tenants)
		return;
	made = bpf_task_storage_get(&names_made, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
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
	struct made *made = bpf_task_storage_get(&names_made, bpf_get_current_task_btf(), NULL, 0);

	if (!made || made->dentry != dentry)
		return 0;
	made->dentry = 0;
	return made->mnt;
}
