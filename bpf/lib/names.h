/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The other names of what an event is about. A file has as many paths as there are hard links to it and mounts of it;
 * an event came by one of them, and rules may be about another. So an event whose paths are known as objects of the
 * kernel is judged by the others, too, each like an event of its own: by approvers, then by discarders. What passes has
 * FLAG_OTHER_NAME, the thread and time of the event, the other name as its path, and the one that was used besides.
 *
 * - Mounts: those of the same file system in the host's namespace, or, where that has none, in the namespace of the
 *   mount that was used (places.h). Both paths of an event are on the same mount, so both are looked for on each. What
 *   is mounted has other names, too, those of the source of a bind mount.
 * - Hard links: the names that the kernel has at hand (its dentries), and those that the agent keeps (`identities`), for
 *   operations on a file itself. An operation on a name (unlink, rename) is about that name and no other one of the file.
 */
#pragma once

#include "emit.h"

#ifndef WEIR_NAMES

static __always_inline bool may_have_other_names(struct scratch *s)
{
	return false;
}

static __always_inline void judge_names(struct scratch *s)
{
}

#else

#define PAIRS_MAX 64 /* of a mount and a name that are tried for an event */

/* Whether the operation is on a file that may have hard links. */
static __always_inline bool links_count(struct scratch *s)
{
	return !s->objects[0].name && may_have_links(s->type, s->objects[0].dentry);
}

/* A mount that shows what is elsewhere, too. */
static __always_inline bool is_bind(struct scratch *s)
{
	return s->type == EVENT_MOUNT && s->objects[1].dentry;
}

/*
 * The objects of a mount: its place on the mount below, and, if it has a source, its root. The source was given by name;
 * the root is what that name led to.
 */
static __always_inline void mount_objects(struct scratch *s)
{
	__u64 mnt = s->objects[0].dentry ? s->objects[0].mnt : 0, above;
	struct mount *mount;

	if (s->subject_dentry)
		mnt = s->subject_mnt;
	mount = real_mount((void *)mnt);
	s->objects[0].dentry = 0;
	s->objects[0].name = 0;
	s->objects[1].dentry = 0;
	if (!mnt)
		return;
	above = as_number(s, READ(mount, mnt_parent));
	if (!above || above == (__u64)mount)
		return;
	s->objects[0].mnt = (__u64)vfsmount_of((void *)above);
	s->objects[0].dentry = as_number(s, READ(mount, mnt_mountpoint));
	if (!s->two_paths)
		return;
	s->plural = PLURAL_YES;
	s->objects[1].mnt = mnt;
	s->objects[1].dentry = as_number(s, READ(mount, mnt.mnt_root));
	s->objects[1].name = 0;
}

/* Appends a mount to those that are tried. */
static __always_inline void add_mount(struct scratch *s, __u64 mount)
{
	__u32 count = s->mounts_count;

	if (count >= 2 * PLACES_MAX)
		return;
	s->mounts[count] = mount;
	s->mounts_count = count + 1;
}

/* Those found, without the one that was used. */
static __always_inline void add_found(struct scratch *s)
{
	if (s->found.unread)
		s->left_out = 1;
	for (__u32 i = 0; i < PLACES_MAX; i++) {
		__u64 mount = s->found.mounts[i];

		if (i >= s->found.count)
			break;
		/* A cached one may have gone meanwhile. */
		if (mount != s->mounts[0] &&
		    as_number(s, READ((struct mount *)mount, mnt_ns)) == s->found.ns &&
		    as_number(s, READ((struct mount *)mount, mnt.mnt_sb)) == s->found.sb)
			add_mount(s, mount);
	}
}

/* Finds the mounts to be tried, the one that was used first. */
GLOBAL int find_mounts(struct scratch *s)
{
	struct vfsmount *mnt;
	struct mount *used;
	__u64 sb, ns, host = host_namespace;

	if (!s)
		return 0;
	mnt = (void *)s->objects[0].mnt;
	used = real_mount(mnt);
	s->mounts_count = 0;
	add_mount(s, (__u64)used);
	if (s->plural != PLURAL_YES)
		return 0;
	sb = as_number(s, READ(mnt, mnt_sb));
	ns = as_number(s, READ(used, mnt_ns));
	if (is_bind(s)) {
		struct vfsmount *made = (void *)s->objects[1].mnt;

		read_places(s, as_number(s, READ(made, mnt_sb)), host);
		add_found(s);
		if (s->found.sb == sb)
			return 0;
	}
	read_places(s, sb, host);
	add_found(s);
	if (s->found.count || !ns || ns >= (__u64)-MAX_ERRNO || ns == host)
		return 0;
	read_places(s, sb, ns);
	add_found(s);
	return 0;
}

/* Whether a name, given by the hash of its paths, is a new one. One too many is none, unless it is `kept`. */
static __always_inline bool new_name(struct scratch *s, __u64 hash, bool kept)
{
	__u32 count = s->names_count;

	for (__u32 i = 0; i < NAMES_MAX; i++)
		if (i < count && s->names[i] == hash)
			return false;
	if (count >= NAMES_MAX) {
		s->left_out = !kept;
		return kept;
	}
	s->names[count] = hash;
	s->names_count = count + 1;
	return true;
}

/* Appends the path of an object on this mount; where it is not there, the one that was used. Returns which. */
static __always_inline bool push_on(struct scratch *s, struct object *o, __u64 mnt)
{
	push_object(s, o, mnt);
	if (!s->outside)
		return true;
	path_start(s, s->start, s->kind);
	push_object(s, o, o->mnt);
	return false;
}

/* Prepares the record for another name. */
static __always_inline void begin_name(struct scratch *s)
{
	struct file_record *r = (struct file_record *)s->record;

	r->head.flags &= ~(FLAG_PATH_TRUNCATED | FLAG_DEST_TRUNCATED | FLAG_TEXT_TRUNCATED);
	r->head.flags |= FLAG_OTHER_NAME;
	r->path_len = 0;
	r->dest_len = 0;
	r->text_len = 0;
	r->used_len = 0;
	r->used_dest_len = 0;
	path_start(s, sizeof(struct file_record), 0);
}

/*
 * Judges the event by one name: the file, or an alias of it, as it is on one mount. Where neither path is there, there
 * is no such name. The name that was `used` is only remembered.
 */
GLOBAL int judge_name(struct scratch *s, __u64 mount, __u64 dentry, __u32 used)
{
	struct object first, *second;
	struct file_record *r;
	struct counters *c;
	__u64 tenants = 0, hash, mnt;
	bool there;

	if (!s)
		return 0;
	r = (struct file_record *)s->record;
	c = counters_of(s->type);
	if (!c)
		return 0;
	mnt = (__u64)vfsmount_of((void *)mount);
	begin_name(s);
	first = s->objects[0];
	second = &s->objects[1];
	if (dentry != first.dentry) {
		path_push_object(s, mnt, dentry);
		if (s->outside)
			return 0;
		there = true;
	} else {
		there = push_on(s, &first, mnt);
	}
	hash = path_hash(s);
	if (is_bind(s)) {
		if (mnt == second->mnt)
			return 0;
		tenants = event_next_path(s);
		push_object(s, second, mnt);
		if (s->outside) {
			path_start(s, sizeof(struct file_record), 0);
			push_on(s, &first, mnt);
			r->path_len = 0;
			tenants = 0;
		} else {
			hash ^= path_hash(s) * HASH_B;
			there = true;
			used = 0;
		}
	} else if (second->dentry) {
		tenants = event_next_path(s);
		if (dentry != first.dentry)
			push_object(s, second, second->mnt);
		else
			there |= push_on(s, second, mnt);
		hash ^= path_hash(s) * HASH_B;
	}
	if (!(used || there) || !new_name(s, hash, false) || used)
		return 0;
	c->seen++;
	return event_judge(s, tenants);
}

/*
 * Judges the event by a name that the agent keeps of the file. Returns whether there was one. Names at hand have been
 * judged by then, however many there are: nobody can hide a kept one behind them.
 */
GLOBAL int judge_kept(struct scratch *s, __u32 nth)
{
	struct identity_key key = { .nth = nth };
	struct identity_path *kept;
	struct file_record *r;
	struct counters *c;
	struct dentry *dentry;
	struct inode *inode;
	struct super_block *sb;
	__u64 tenants = 0, hash;

	if (!s)
		return 0;
	r = (struct file_record *)s->record;
	dentry = (void *)s->objects[0].dentry;
	inode = READ(dentry, d_inode);
	sb = READ(inode, i_sb);
	key.inode = READ(inode, i_ino);
	key.dev = user_dev(READ(sb, s_dev));
	kept = bpf_map_lookup_elem(&identities, &key);
	c = counters_of(s->type);
	if (!kept || !c)
		return 0;
	bpf_probe_read_kernel(s->user, IDENTITY_PATH_BYTES, kept->path);
	s->user[IDENTITY_PATH_BYTES - 1] = 0;
	begin_name(s);
	path_push_string(s, 0, 0);
	hash = path_hash(s);
	if (s->objects[1].dentry) {
		tenants = event_next_path(s);
		push_object(s, &s->objects[1], s->objects[1].mnt);
		hash ^= path_hash(s) * HASH_B;
	}
	if (!new_name(s, hash, true))
		return 1;
	c->seen++;
	r->head.flags |= FLAG_KEPT_NAME;
	/* The agent compares them, though they may not be known for what rules ask of them. */
	r->inode = key.inode;
	r->dev = key.dev;
	event_judge(s, tenants);
	r->head.flags &= ~FLAG_KEPT_NAME;
	return 1;
}

/* Judges by the next pair of a mount and a name of the file. Returns whether there was none. */
static __always_inline bool next_pair_on(struct scratch *s, bool used)
{
	__u32 mount = s->mount_at, alias = s->alias_at;
	__u64 dentry;

	if (mount >= s->mounts_count || mount >= 2 * PLACES_MAX)
		return true;
	dentry = alias ? s->aliases[(alias - 1) & (ALIASES_MAX - 1)] : s->objects[0].dentry;
	s->alias_at = alias < s->aliases_count ? alias + 1 : 0;
	s->mount_at = alias < s->aliases_count ? mount : mount + 1;
	judge_name(s, s->mounts[mount], dentry, used);
	return false;
}

/* Judges by all names. The first pair is the name that was used, which is judged by now. */
GLOBAL int judge_names(struct scratch *s)
{
	struct counters *c;
	bool end;

	if (!s)
		return 0;
	s->aliases_count = 0;
	s->names_count = 0;
	s->left_out = 0;
	s->mount_at = 0;
	s->alias_at = 0;
	s->has_identity = 0; /* what is cached is about the path that was used */
	find_mounts(s);
	if (links_count(s))
		find_aliases(s, s->objects[0].dentry);
	end = next_pair_on(s, true);
	for (__u32 i = 1; i < PAIRS_MAX && !end; i++)
		end = next_pair_on(s, false);
	if (links_count(s))
		for (__u32 nth = 0; nth < IDENTITY_NAMES_MAX; nth++)
			if (!judge_kept(s, nth))
				break;
	c = counters_of(s->type);
	if (c && (s->left_out || !end))
		c->names_left_out++;
	return 0;
}

static __always_inline bool may_have_other_names(struct scratch *s)
{
	struct object *o = &s->objects[0];

	if (s->type == EVENT_MOUNT)
		mount_objects(s);
	if (!o->dentry || !o->mnt)
		return false;
	if (s->plural == PLURAL_UNKNOWN)
		s->plural = has_other_places(s, o->mnt) ? PLURAL_YES : PLURAL_NO;
	return s->plural == PLURAL_YES || links_count(s);
}

#endif

/*
 * Judges an event by all its names, and keeps the working memory. A global function for the reason that lib/path.h
 * gives.
 */
GLOBAL int event_told(struct scratch *s, __u64 tenants)
{
	if (!s)
		return 0;
	event_judge(s, tenants);
	if (may_have_other_names(s))
		judge_names(s);
	return 0;
}

static __always_inline void event_end(struct scratch *s, __u64 tenants)
{
	event_told(s, tenants);
	scratch_release(s);
}
