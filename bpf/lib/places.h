/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where else a file can be reached: the mounts of its file system in a namespace, and the other names of its inode.
 *
 * The host's namespace is that of process 1. Which of its mounts are of a file system is found by going through all
 * mounts of that file system, whosever they are, and kept until the namespace's mounts change, which the kernel counts
 * (the `event` that poll(2) of a mountinfo waits for). So what is known of them is never older than the kernel's own
 * tree, and the ordinary case, a file system that the host has mounted once, costs a comparison.
 *
 * Entries are per CPU and read whole or not at all (whole.h), as those of the directory cache.
 */
#pragma once

#include "dentry.h"
#include "filter.h"
#include "whole.h"

#ifndef WEIR_NAMES

static __always_inline bool has_other_places(struct scratch *s, __u64 vfsmount)
{
	return false;
}

static __always_inline bool may_have_links(__u32 type, __u64 dentry_address)
{
	return false;
}

#else

/* Operations that change or read a file, whatever name it goes by. Of a link, its source. */
#define FILE_TYPES                                                                         \
	(TYPE_BIT(EVENT_OPEN) | TYPE_BIT(EVENT_CHMOD) | TYPE_BIT(EVENT_CHOWN) |            \
	 TYPE_BIT(EVENT_UTIMES) | TYPE_BIT(EVENT_SETXATTR) | TYPE_BIT(EVENT_REMOVEXATTR) | \
	 TYPE_BIT(EVENT_SPLICE) | TYPE_BIT(EVENT_LINK))

#define PLACES		  256
#define INSTANCES_MAX	  16384 /* mounts of a file system that are gone through */
#define INSTANCES_IN_LINE 8
#define ALIASES_SEEN_MAX  64 /* names of an inode that are gone through */
#define PARENTS_MAX	  64

struct places {
	struct whole whole;
	__u32 count;
	__u32 unread; /* mounts that did not fit, or a list that changed while it was read */
	__u64 sb;     /* identity: file system, namespace, state of the namespace */
	__u64 ns;
	__u64 event;
	__u32 ns_number;
	__u32 reserved;
	__u64 mounts[PLACES_MAX]; /* struct mount * */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PLACES);
	__type(key, __u32);
	__type(value, struct places);
} places SEC(".maps");

static __always_inline struct places *places_slot(__u64 sb, __u64 ns)
{
	__u64 h = (sb >> 6 ^ ns << 10) * HASH_A;
	__u32 index = h >> 56 & (PLACES - 1);

	return bpf_map_lookup_elem(&places, &index);
}

static __always_inline __u64 mounts_event(__u64 ns)
{
	struct mnt_namespace *namespace = (void *)ns;

	return READ(namespace, event);
}

static __always_inline bool places_current(struct places *e, __u64 sb, __u64 ns)
{
	struct mnt_namespace *namespace = (void *)ns;

	return e->sb == sb && e->ns == ns && e->event == mounts_event(ns) &&
	       e->ns_number == READ(namespace, ns.inum);
}

/* Every task descends from process 1, or from the kernel's own, which shares its namespace with it. */
GLOBAL int find_host(struct scratch *s)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!s)
		return 0;
	for (int i = 0; i < PARENTS_MAX; i++) {
		if (BPF_CORE_READ(task, tgid) <= 1) {
			host_namespace = (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns);
			break;
		}
		task = BPF_CORE_READ(task, real_parent);
	}
	return 0;
}

#define LISTED_BEFORE ((struct mount___list *)0)
#define IS_LIST	      bpf_core_field_exists(LISTED_BEFORE->mnt_instance)

/* One mount of a file system: the one at s->list.at. Returns whether the list has ended. */
static __always_inline bool instance_step(struct scratch *s, __u32 i)
{
	__u64 at = s->list.at;
	struct mount *mount = (void *)at;
	__u32 count = s->found.count;

	if (at == s->list.head || !at)
		return true;
	if (IS_LIST) {
		struct list_head *link = (void *)at;

		mount = (void *)link - bpf_core_field_offset(struct mount___list, mnt_instance);
		s->list.at = (__u64)READ(link, next);
	} else {
		s->list.at = (__u64)READ(mount, mnt_next_for_sb);
	}
	if (as_number(s, READ(mount, mnt_ns)) != s->found.ns)
		return false;
	if (count >= PLACES_MAX) {
		s->found.unread = 1;
		return false;
	}
	s->found.mounts[count] = (__u64)mount;
	s->found.count = count + 1;
	return false;
}

static long instance_turn(__u32 i, struct scratch **s)
{
	return instance_step(*s, i);
}

/*
 * Finds the mounts of a file system in a namespace, into s->found and the cache. A global function for the reason that
 * path.h gives.
 */
GLOBAL int find_places(struct scratch *s, __u64 super_block, __u64 ns)
{
	struct super_block *sb = (void *)super_block;
	struct mnt_namespace *namespace = (void *)ns;
	struct super_block___list *old = (void *)sb;
	struct scratch *ctx = s;
	struct places *e;
	bool end = false;

	if (!s)
		return 0;
	s->found.count = 0;
	s->found.unread = 0;
	s->found.sb = super_block;
	s->found.ns = ns;
	s->found.event = mounts_event(ns);
	s->found.ns_number = READ(namespace, ns.inum);
	barrier();
	if (IS_LIST) {
		s->list.head =
			super_block + bpf_core_field_offset(struct super_block___list, s_mounts);
		s->list.at = (__u64)BPF_CORE_READ(old, s_mounts.next);
	} else {
		s->list.head = 0;
		s->list.at = (__u64)READ(sb, s_mounts);
	}
	for (__u32 i = 0; i < INSTANCES_IN_LINE && !end; i++)
		end = instance_step(s, i);
	if (!end)
		bpf_loop(INSTANCES_MAX, instance_turn, &ctx, 0);
	/* A list that was changed under way ends elsewhere than at its end. */
	if (s->list.at != s->list.head)
		s->found.unread = 1;
	e = places_slot(super_block, ns);
	if (!e || !whole_begin(&e->whole))
		return 0;
	e->count = s->found.count;
	e->unread = s->found.unread;
	e->ns_number = s->found.ns_number;
	e->sb = s->found.sb;
	e->ns = s->found.ns;
	e->event = s->found.event;
	for (int i = 0; i < PLACES_MAX; i++)
		e->mounts[i] = s->found.mounts[i];
	whole_end(&e->whole);
	return 0;
}

/* What is known of the mounts of a file system in a namespace, into s->found. */
GLOBAL int read_places(struct scratch *s, __u64 super_block, __u64 ns)
{
	struct places *e = places_slot(super_block, ns);
	__u32 version;

	if (!s)
		return 0;
	if (e) {
		version = whole_version(&e->whole);
		if (places_current(e, super_block, ns)) {
			s->found.sb = super_block;
			s->found.ns = ns;
			s->found.count = e->count;
			s->found.unread = e->unread;
			for (int i = 0; i < PLACES_MAX; i++)
				s->found.mounts[i] = e->mounts[i];
			if (is_whole(&e->whole, version))
				return 0;
		}
	}
	return find_places(s, super_block, ns);
}

/* Whether a file system has mounts besides this one: in the host's namespace, or in that of the mount. */
GLOBAL int look_for_places(struct scratch *s, __u64 vfsmount)
{
	struct vfsmount *mnt = (void *)vfsmount;
	struct mount *mount = real_mount(mnt);
	__u64 sb = READ_NUMBER(mnt, mnt_sb), ns = READ_NUMBER(mount, mnt_ns), host;

	if (!s)
		return 0;
	if (!host_namespace)
		find_host(s);
	host = host_namespace;
	if (!host)
		return 0;
	read_places(s, sb, host);
	if (s->found.count)
		return s->found.count > 1 || s->found.mounts[0] != (__u64)mount;
	if (!ns || ns >= (__u64)-MAX_ERRNO || ns == host)
		return 0;
	read_places(s, sb, ns);
	return s->found.count > 1;
}

/* The same, where the ordinary case, the only place that the host has, is known by a look. */
static __always_inline bool has_other_places(struct scratch *s, __u64 vfsmount)
{
	struct vfsmount *mnt = (void *)vfsmount;
	__u64 sb = READ_NUMBER(mnt, mnt_sb), host = host_namespace;
	struct places *e = places_slot(sb, host);

	if (e && host) {
		__u32 version = whole_version(&e->whole);

		if (e->count == 1 && e->mounts[0] == (__u64)real_mount(mnt) &&
		    places_current(e, sb, host) && is_whole(&e->whole, version))
			return false;
	}
	return look_for_places(s, vfsmount);
}

/* Whether a file may have other names of its own: hard links. A directory has none; its count is that of others. */
static __always_inline bool is_linked(__u64 dentry_address)
{
	struct dentry *dentry = (void *)dentry_address;
	struct inode *inode = READ(dentry, d_inode);

	return inode && READ(inode, i_nlink) > 1 && (READ(inode, i_mode) & S_IFMT) != S_IFDIR;
}

/* Whether an event of this type is about a file that may have hard links, by whatever name it came. */
static __always_inline bool may_have_links(__u32 type, __u64 dentry_address)
{
	return type < 64 && FILE_TYPES & TYPE_BIT(type & 63) && is_linked(dentry_address);
}

#define HAS_D_U bpf_core_field_exists(((struct dentry *)0)->d_u.d_alias)
#define ALIAS_AT                                                     \
	(HAS_D_U ? bpf_core_field_offset(struct dentry, d_u.d_alias) \
		 : bpf_core_field_offset(struct dentry___flat, d_alias))

/* One name of an inode, the one at s->list.at; that at s->list.head is known. Returns whether there was none. */
static __always_inline bool alias_step(struct scratch *s, __u32 i)
{
	__u64 at = s->list.at;
	struct hlist_node *node = (void *)at;
	struct dentry *dentry = (void *)at - ALIAS_AT;
	__u32 count = s->aliases_count;

	if (!at)
		return true;
	s->list.at = (__u64)READ(node, next);
	/* Names that were removed are in no list. */
	if ((__u64)dentry == s->list.head || !READ(dentry, d_hash.pprev))
		return false;
	if (count >= ALIASES_MAX) {
		s->left_out = 1;
		return true;
	}
	s->aliases[count] = (__u64)dentry;
	s->aliases_count = count + 1;
	return false;
}

static long alias_turn(__u32 i, struct scratch **s)
{
	return alias_step(*s, i);
}

/* Finds the other names of a file that the kernel has at hand, into s->aliases. */
GLOBAL int find_aliases(struct scratch *s, __u64 dentry_address)
{
	struct dentry *dentry = (void *)dentry_address;
	struct inode *inode = READ(dentry, d_inode);
	struct scratch *ctx = s;

	if (!s)
		return 0;
	s->aliases_count = 0;
	if (!inode)
		return 0;
	s->list.head = dentry_address;
	s->list.at = (__u64)READ(inode, i_dentry.first);
	bpf_loop(ALIASES_SEEN_MAX, alias_turn, &ctx, 0);
	return 0;
}

#endif
