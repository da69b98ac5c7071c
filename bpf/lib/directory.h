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
 * Entries are per CPU and read whole or not at all (whole.h).
 */
#pragma once

#include "discard.h"
#include "places.h"

#define DIRECTORIES 1024

struct directory {
	struct whole whole;
	__u32 depth;
	__u32 bytes; /* of its path */
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

/* What was read before is not read later than what follows; `any`: memory of ours. x86 keeps loads in order. */
static __always_inline void read_barrier(volatile __u64 *any)
{
#if defined(__TARGET_ARCH_x86)
	barrier();
#else
	/* An atomic operation is a full barrier where its result is wanted. */
	__u64 before = __sync_fetch_and_add(any, 0);

	barrier_var(before);
#endif
}

static __always_inline __u32 counter_at(__u64 address)
{
	struct seqcount *counter = (void *)address;

	return READ(counter, sequence);
}

/* Whether nothing was renamed or mounted since the kernel's counters said this. */
static __always_inline bool still_true(__u32 renames, __u32 mounts, volatile __u64 *any)
{
	read_barrier(any);
	return counter_at(options.rename_lock) == renames &&
	       counter_at(options.mount_lock) == mounts;
}

static __always_inline struct directory *directory_slot(__u64 dentry, __u64 mnt)
{
	__u32 index = ((dentry >> 6 ^ mnt) * HASH_A) >> 54 & (DIRECTORIES - 1);

	return bpf_map_lookup_elem(&directories, &index);
}

/* The directory of a file, by the numbers of its struct vfsmount and struct dentry. 0: none that might be cached. */
static __always_inline __u64 directory_of(__u64 vfsmount, __u64 dentry)
{
	struct vfsmount *mnt = (void *)vfsmount;
	struct dentry *leaf = (void *)dentry;
	__u64 parent = READ_NUMBER(leaf, d_parent);

	if (!mnt || parent == dentry || READ_NUMBER(mnt, mnt_root) == dentry)
		return 0;
	return parent;
}

/* The mount namespace of a task, as a number. */
static __always_inline __u64 namespace_of(struct task_struct *task)
{
	struct nsproxy *namespaces = KNOWN(task, nsproxy);

	return READ_NUMBER(namespaces, mnt_ns);
}

/*
 * What a directory is told by, beside its address and its mount: DO(member, value) for each. Read one by one where they
 * are compared, so that nothing needs to be kept.
 */
#define EACH_OF_IDENTITY(DO)                            \
	DO(parent, READ_NUMBER(dir, d_parent))          \
	DO(name_hash_len, READ_NUMBER(dir, d_name))     \
	DO(inode, (__u64)inode)                         \
	DO(number, READ(inode, i_ino))                  \
	DO(inode_generation, READ(inode, i_generation)) \
	DO(ns, ns)

#define TAKE(member, value) id->member = value;
#define SAME(member, value) &&id->member == (value)

static __always_inline bool is_directory(const struct identity *id, __u64 ns, __u64 dentry,
					 __u64 mnt)
{
	struct dentry *dir = (void *)dentry;
	struct inode *inode = READ(dir, d_inode);

	return id->dentry == dentry && id->mnt == mnt EACH_OF_IDENTITY(SAME);
}

static __always_inline void identify(struct identity *id, __u64 ns, __u64 dentry, __u64 mnt)
{
	struct dentry *dir = (void *)dentry;
	struct inode *inode = READ(dir, d_inode);

	id->dentry = dentry;
	id->mnt = mnt;
	EACH_OF_IDENTITY(TAKE)
}

static __always_inline bool is_same(const struct identity *a, const struct identity *b)
{
	const __u64 *x = (void *)a, *y = (void *)b;

	for (__u32 i = 0; i < sizeof(*a) / sizeof(*x); i++)
		if (x[i] != y[i])
			return false;
	return true;
}

static __always_inline bool approves(const struct event *e, struct generation *g, __u32 kind,
				     __u64 hash)
{
	struct approver_key key = { .hash = hash, .kind = kind, .type = e->type };
	struct approver *a = approver_of(g, e->slot, &key);

	return a && flags_fit(a->flags_any, e->flags);
}

/*
 * Whether nobody approves a file, in a directory with this hash that nobody approves. A global function for the reason
 * that path.h gives.
 */
GLOBAL int is_unapproved(__u64 dentry, __u64 hash, __u32 type, __u32 flags, __u32 slot)
{
	struct event e = { .type = type, .flags = flags, .slot = slot };
	struct generation *g = generation_in(slot);
	struct dentry *parent;
	struct component name;
	struct interest *i;
	struct link room;

	if (!g)
		return false;
	i = &g->interest[type & (EVENT_TYPES - 1)];
	if (i->unfiltered && flags_fit(i->unfiltered_flags_any, flags))
		return false;
	return read_short_link(&room, (void *)dentry, &parent, &name) &&
	       !approves(&e, g, APPROVER_PATH, child_hash(hash, name.hash)) &&
	       !approves(&e, g, APPROVER_BASENAME, name.hash);
}

#define VERDICT_NONE	   0
#define VERDICT_SILENT	   1
#define VERDICT_UNAPPROVED 2

/*
 * What is known of a file's directory says of an event with this type and flags; `ns` is the task's. Its frame, as a
 * global function's, is not on those of what follows where it says nothing.
 */
GLOBAL int directory_judges(__u64 vfsmount, __u64 dentry, __u64 ns, __u32 flags,
			    __u32 type_and_slot)
{
	__u32 type = type_and_slot >> 1 & (EVENT_TYPES - 1), slot = type_and_slot & 1;
	struct dentry *leaf = (void *)dentry;
	__u64 hash, quiet, silent, bit = TYPE_BIT(type), dir;
	__u32 version, len, renames, mounts;
	struct directory *known;

	dir = directory_of(vfsmount, dentry);
	if (!dir)
		return VERDICT_NONE;
	known = directory_slot(dir, vfsmount);
	if (!known)
		return VERDICT_NONE;
	version = whole_version(&known->whole);
	if (known->identity.generation != active.generation[slot] ||
	    !is_directory(&known->identity, ns, dir, vfsmount))
		return VERDICT_NONE;
	hash = known->hash;
	quiet = known->quiet & bit;
	silent = known->silent & bit;
	renames = known->identity.renames;
	mounts = known->identity.mounts;
	len = READ(leaf, d_name.len);
	if (known->depth >= PATH_DEPTH_MAX || known->bytes + 1 + len > PATH_BYTES_MAX || !len)
		return VERDICT_NONE;
	if (!is_whole(&known->whole, version))
		return VERDICT_NONE;
	/* Other names than this one, in other directories: theirs is to say. */
	if (may_have_links(type, dentry))
		return VERDICT_NONE;
	if (!silent && (!quiet || !is_unapproved(dentry, hash, type, flags, slot)))
		return VERDICT_NONE;
	if (!still_true(renames, mounts, &known->hash))
		return VERDICT_NONE;
	return silent ? VERDICT_SILENT : VERDICT_UNAPPROVED;
}

/*
 * Whether what is known of a file's directory decides that the event is dropped. If so, it is counted. Nothing is
 * claimed for it before, since it is the fate of most events.
 */
static __always_inline bool directory_drops(const struct event *e, __u64 vfsmount, __u64 dentry)
{
	int verdict;

	if (!options.rename_lock || e->type >= 64 || !(SILENT_TYPES & TYPE_BIT(e->type & 63)))
		return false;
	verdict = directory_judges(vfsmount, dentry, namespace_of(e->task), e->flags,
				   e->type << 1 | e->slot);
	if (verdict == VERDICT_SILENT)
		e->counters->dropped_directory++;
	else if (verdict == VERDICT_UNAPPROVED)
		e->counters->dropped_approver++;
	return verdict != VERDICT_NONE;
}

/* Takes the identity of the directory before the walk. A global function for the reason that path.h gives. */
GLOBAL int directory_begin(struct scratch *s, __u64 vfsmount, __u64 dentry)
{
	__u64 dir;

	if (!s || s->type >= 64 || !(SILENT_TYPES & TYPE_BIT(s->type & 63)))
		return 0;
	s->identity.generation = active.generation[s->slot & 1];
	s->identity.renames = counter_at(options.rename_lock);
	s->identity.mounts = counter_at(options.mount_lock);
	read_barrier(&s->pointer);
	/* Something is being renamed or mounted. */
	if ((s->identity.renames | s->identity.mounts) & 1)
		return 0;
	dir = directory_of(vfsmount, dentry);
	if (!dir)
		return 0;
	identify(&s->identity, namespace_of(current_task()), dir, vfsmount);
	s->has_identity = 1;
	return 0;
}

/* Keeps what the walk has found, if it was undisturbed. `silent`: a discarder was found, too. */
GLOBAL int directory_keep(struct scratch *s, int silent)
{
	struct directory *e;
	struct inode *inode;
	__u32 above;
	__u64 bit, quiet_before = 0, silent_before = 0;

	if (!s || !s->has_identity || !s->by_object || s->truncated || s->type >= 64)
		return 0;
	above = s->depth - 1;
	if (above >= PATH_DEPTH_MAX)
		return 0;
	BOUND(above, PATH_DEPTH_MAX);
	inode = (void *)s->identity.inode;
	if (!has_generations(inode) ||
	    !still_true(s->identity.renames, s->identity.mounts, &s->pointer))
		return 0;
	e = directory_slot(s->identity.dentry, s->identity.mnt);
	if (!e || !whole_begin(&e->whole))
		return 0;
	if (is_same(&e->identity, &s->identity)) {
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
	whole_end(&e->whole);
	return 0;
}

/* The path of an event that has only this one, that of a file; its pointers are numbers to the verifier. */
static __always_inline void push_file(struct scratch *s, struct path *path)
{
	__u64 vfsmount = (__u64)path->mnt, dentry = (__u64)path->dentry;

	s->objects[0].mnt = vfsmount;
	s->objects[0].dentry = dentry;
	s->objects[0].name = 0;
	if (options.rename_lock)
		directory_begin(s, vfsmount, dentry);
	path_push_object(s, vfsmount, dentry);
	s->plural = has_other_places(s, vfsmount) ? PLURAL_YES : PLURAL_NO;
	/* What is known of one path of a directory says nothing of another one. */
	if (options.rename_lock && s->has_identity && s->plural == PLURAL_NO)
		directory_keep(s, 0);
}
