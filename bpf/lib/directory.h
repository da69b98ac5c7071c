/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The directory cache: what a walk found out about the directory of a file, so that the next file in it needs none.
 * An entry has the hash of the directory's path, the types that no directory on that path approves, and those that a
 * discarder silences.
 *
 * When is an entry still true? The path of a directory changes by renames and by mounts, and the kernel counts both for
 * its own path walks (rename_lock, mount_lock): an entry is good while both counters are what they were before the
 * walk that made it and again after it, and a drop is decided only if they still are at its end. That leaves another
 * directory at the same address. It is told by inode number and inode generation, on file systems that never give the
 * same pair twice, and by name and parent besides. What does not fit exactly is walked.
 *
 * Entries are per CPU and written under an odd version, so a program that preempts another finds a whole entry or none.
 */
#pragma once

#include "discard.h"
#include "places.h"

#define DIRECTORIES 1024

struct directory {
	__u32 version; /* odd while it is written */
	__u32 depth;
	__u32 bytes; /* of its path */
	__u32 held;  /* by the program that writes */
	struct identity identity;
	__u64 hash; /* of its path */
	__u64 quiet; /* types that it and the directories above it do not approve, whatever the flags */
	__u64 silent; /* types with a discarder */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIRECTORIES);
	__type(key, __u32);
	__type(value, struct directory);
} directories SEC(".maps");

#define EXT4_MAGIC  0xef53
#define XFS_MAGIC   0x58465342
#define BTRFS_MAGIC 0x9123683e
#define TMPFS_MAGIC 0x01021994
#define F2FS_MAGIC  0xf2f52010

/* File systems whose inode numbers and generations together are never used twice. */
static __always_inline bool has_generations(struct inode *inode)
{
	struct super_block *sb = READ(inode, i_sb);

	switch (READ(sb, s_magic)) {
	case EXT4_MAGIC:
	case XFS_MAGIC:
	case BTRFS_MAGIC:
	case TMPFS_MAGIC:
	case F2FS_MAGIC:
		return true;
	}
	return false;
}

/* What was read before is not read later than what follows. x86 keeps loads in order. */
static __always_inline void read_barrier(struct scratch *s)
{
#if defined(__TARGET_ARCH_x86)
	barrier();
#else
	/* An atomic operation is a full barrier where its result is wanted. */
	__u64 before = __sync_fetch_and_add(&s->pointer, 0);

	barrier_var(before);
#endif
}

static __always_inline __u32 counter_at(__u64 address)
{
	struct seqcount *counter = (void *)address;

	return READ(counter, sequence);
}

/* Whether nothing was renamed or mounted since the identity was taken. */
static __always_inline bool still_true(struct scratch *s)
{
	read_barrier(s);
	return counter_at(options.rename_lock) == s->identity.renames &&
	       counter_at(options.mount_lock) == s->identity.mounts;
}

static __always_inline struct directory *directory_slot(struct scratch *s)
{
	__u64 h = (*(volatile __u64 *)&s->identity.dentry >> 6 ^ s->identity.mnt) * HASH_A;
	__u32 index = h >> 54 & (DIRECTORIES - 1);

	return bpf_map_lookup_elem(&directories, &index);
}

#define SAME(member) (e->identity.member == s->identity.member)

static __always_inline bool is_directory(struct directory *e, struct scratch *s)
{
	return SAME(dentry) && SAME(renames) && SAME(mounts) && SAME(generation) && SAME(mnt) &&
	       SAME(ns) && SAME(parent) && SAME(name_hash_len) && SAME(inode) && SAME(number) &&
	       SAME(inode_generation);
}

/* The identity of the directory of `leaf`. */
static __always_inline void identify(struct scratch *s, struct generation *g, struct dentry *dir)
{
	struct task_struct *task = current_task();
	struct inode *inode = READ(dir, d_inode);

	s->identity.parent = (__u64)READ(dir, d_parent);
	if (DIRECT_LOADS)
		s->identity.name_hash_len = *(__u64 *)&VIEW(dir)->d_name;
	else
		bpf_probe_read_kernel(&s->identity.name_hash_len, sizeof(__u64), &dir->d_name);
	s->identity.inode = (__u64)inode;
	s->identity.number = READ(inode, i_ino);
	s->identity.inode_generation = READ(inode, i_generation);
	s->identity.ns = (__u64)KNOWN(task, nsproxy, mnt_ns);
	s->identity.generation = g->generation;
	s->identity.dentry = (__u64)dir;
}

/*
 * Takes the identity of the directory of a file, and judges the file by what is known of it. Returns whether that
 * was enough; the verdict is in s->verdict. A global function for the reason that path.h gives.
 */
GLOBAL int directory_judges(struct scratch *s, __u64 vfsmount, __u64 dentry)
{
	struct vfsmount *mnt = (void *)vfsmount;
	struct dentry *leaf = (void *)dentry, *dir;
	__u64 hash, quiet, silent;
	struct component *name;
	struct generation *g;
	struct directory *e;
	struct interest *i;
	__u32 version, type;

	if (!s)
		return 0;
	g = generation_in(s->slot);
	if (!g || s->type >= EVENT_TYPES || !mnt)
		return 0;
	s->identity.renames = counter_at(options.rename_lock);
	s->identity.mounts = counter_at(options.mount_lock);
	if ((s->identity.renames | s->identity.mounts) & 1)
		return 0;
	read_barrier(s);
	name = &s->climb[0];
	if (leaf == READ(mnt, mnt_root) || !read_link(s, leaf, &dir, name, true) || !dir ||
	    dir == leaf)
		return 0;
	s->identity.mnt = vfsmount;
	identify(s, g, dir);
	e = directory_slot(s);
	if (!e)
		return 0;
	version = *(volatile __u32 *)&e->version;
	barrier();
	if (version & 1 || !is_directory(e, s))
		return 0;
	hash = e->hash;
	quiet = e->quiet;
	silent = e->silent;
	if (e->depth >= PATH_DEPTH_MAX || e->bytes + 1 + name->len > PATH_BYTES_MAX || !name->len)
		return 0;
	barrier();
	if (*(volatile __u32 *)&e->version != version)
		return 0;
	if (silent & TYPE_BIT(s->type & 63)) {
		s->verdict = VERDICT_SILENT;
		return still_true(s);
	}
	type = s->type;
	BOUND(type, EVENT_TYPES);
	i = &g->interest[type];
	if (!(quiet & TYPE_BIT(type)) ||
	    (i->unfiltered && flags_fit(i->unfiltered_flags_any, s->flags)))
		return 0;
	if (approved(s, g, APPROVER_PATH, child_hash(hash, name->hash)) ||
	    approved(s, g, APPROVER_BASENAME, name->hash))
		return 0;
	s->verdict = VERDICT_UNAPPROVED;
	return still_true(s);
}

/* Keeps what the walk has found, if it was undisturbed. `silent`: a discarder was found, too. */
GLOBAL int directory_keep(struct scratch *s, int silent)
{
	struct directory *e;
	__u32 above, version;
	struct inode *inode;
	__u64 bit, quiet_before = 0, silent_before = 0;

	if (!s || !s->identity.dentry || !s->by_object || s->truncated || s->type >= 64)
		return 0;
	above = s->depth - 1;
	if (above >= PATH_DEPTH_MAX)
		return 0;
	BOUND(above, PATH_DEPTH_MAX);
	inode = (void *)s->identity.inode;
	if (!has_generations(inode) || !still_true(s))
		return 0;
	e = directory_slot(s);
	if (!e)
		return 0;
	if (!hold(&e->held))
		return 0;
	version = e->version;
	*(volatile __u32 *)&e->version = version + 1;
	barrier();
	if (is_directory(e, s)) {
		quiet_before = e->quiet;
		silent_before = e->silent;
	}
	bit = TYPE_BIT(s->type & 63);
	e->identity = s->identity;
	e->hash = s->levels[above].hash;
	e->depth = above;
	e->bytes = s->levels[above].end - s->start;
	e->quiet = quiet_before | (s->loud ? 0 : bit);
	e->silent = silent_before | (silent ? bit : 0);
	barrier();
	*(volatile __u32 *)&e->version = version + 2;
	release(&e->held);
	return 0;
}

/* The path of an event that has only this one, that of a file. */
static __always_inline void push_file(struct scratch *s, struct path *path)
{
	bool caches = options.rename_lock && s->type < 64 && SILENT_TYPES & TYPE_BIT(s->type);
	__u64 mnt = as_number(s, path->mnt), dentry = as_number(s, path->dentry);

	s->objects[0].mnt = mnt;
	s->objects[0].dentry = dentry;
	s->objects[0].name = 0;
	if (caches) {
		if (directory_judges(s, mnt, dentry))
			return;
		s->verdict = VERDICT_NONE;
	}
	path_push_object(s, mnt, dentry);
#ifdef WEIR_NAMES
	s->plural = has_other_places(s, mnt) ? PLURAL_YES : PLURAL_NO;
#else
	s->plural = PLURAL_NO;
#endif
	/* What is known of one path of a directory says nothing of another one. */
	if (caches && s->identity.dentry && s->plural == PLURAL_NO)
		directory_keep(s, 0);
}
