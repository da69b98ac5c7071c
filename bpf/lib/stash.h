/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What an operation is about, kept from the hook that knows its mounts (security_path_*) to the one that
 * knows its outcome (fexit of vfs_*). One per thread; what is denied there is not stashed. An operation that
 * fails between the two leaves its stash behind, which the thread's next operation replaces and its exit removes.
 */
#pragma once

#include "scratch.h"

#define STASHES_MAX 4096

struct stash {
	__u32 type;
	__u32 mode;
	struct dentry *subject; /* the dentry that the operation acts on */
	struct inode *inode;	/* its inode before the operation */
	struct path
		path; /* rename: of the old directory; else of the subject's directory or itself */
	struct path dest; /* rename: of the new directory */
	__u32 name_len;
	__u32 dest_name_len;
	char name[256];
	char dest_name[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STASHES_MAX);
	__type(key, __u64);
	__type(value, struct stash);
} stashes SEC(".maps");

/* The record area is free between event_begin() and building a path: the stash is prepared there. */
static __always_inline void stash_keep(struct scratch *s, struct stash *stash)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct counters *c;

	if (bpf_map_update_elem(&stashes, &id, stash, BPF_ANY) == 0)
		return;
	c = bpf_map_lookup_elem(&counters, &s->type);
	if (c)
		c->lost_no_stash++;
}

static __always_inline struct stash *stash_of(__u32 type, struct dentry *subject)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct stash *stash = bpf_map_lookup_elem(&stashes, &id);

	return stash && stash->type == type && stash->subject == subject ? stash : NULL;
}

static __always_inline void stash_drop(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&stashes, &id);
}
