/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a path is made of: mounts, and the names of dentries with their hashes, read at the price of few instructions. */
#pragma once

#include "scratch.h"
#include "../include/hash.h"

#define S_IFMT	0170000
#define S_IFDIR 0040000

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt -
	       __builtin_preserve_field_info(((struct mount *)0)->mnt, BPF_FIELD_BYTE_OFFSET);
}

static __always_inline struct vfsmount *vfsmount_of(struct mount *mount)
{
	return (void *)mount +
	       __builtin_preserve_field_info(((struct mount *)0)->mnt, BPF_FIELD_BYTE_OFFSET);
}

/* Whether a mount is the kernel's own (MNT_NS_INTERNAL, an error number) and in no tree: of pipes, of an overlay. */
static __always_inline bool is_internal(struct mount *mount)
{
	return (__u64)READ(mount, mnt_ns) >= (__u64)-MAX_ERRNO;
}

/* struct mnt_namespace * of process 1, once an event has led there; see places.h. */
__u64 host_namespace = 0;

/*
 * Whether a climb that ended at this mount has seen the whole path. The trees of all mount namespaces are copies
 * of the first one, so they share the file system at their root with that of the current task. A tree that is
 * mounted nowhere (open_tree(2), a lazy unmount) ends elsewhere: its path is not known. Internal mounts (pipes,
 * memfd) have no path to know.
 */
static __always_inline bool whole_path(struct mount *top)
{
	struct task_struct *task = current_task();
	__u64 ns = (__u64)READ(top, mnt_ns);

	if (ns >= (__u64)-MAX_ERRNO || (ns && ns == host_namespace))
		return true;
	return ns && READ(top, mnt.mnt_sb) == KNOWN(task, nsproxy, mnt_ns, root, mnt.mnt_sb);
}

/* Where a dentry has its own short name, and how long that may be, its NUL included. */
#define OLD_DENTRY   ((struct dentry___old *)0)
#define HAS_OLD_NAME bpf_core_field_exists(OLD_DENTRY->d_iname)
#define SHORT_NAME_AT                                              \
	(HAS_OLD_NAME ? bpf_core_field_offset(OLD_DENTRY->d_iname) \
		      : bpf_core_field_offset(struct dentry, d_shortname))
#define SHORT_NAME_MAX                                           \
	(HAS_OLD_NAME ? bpf_core_field_size(OLD_DENTRY->d_iname) \
		      : bpf_core_field_size(struct dentry, d_shortname))
#define SHORT_WORDS 5

static __always_inline bool link_is_whole(void)
{
	__u32 at = bpf_core_field_offset(struct dentry, d_parent);

	return bpf_core_field_offset(struct dentry, d_name) == at + 8 &&
	       bpf_core_field_offset(struct dentry, d_inode) == at + 24 &&
	       SHORT_NAME_AT == at + 32 && SHORT_NAME_MAX <= sizeof(__u64) * SHORT_WORDS;
}

/* Hash of a short name in words[]; the same as name_hash() of its bytes. */
static __always_inline __u64 words_hash(const __u64 *words, __u32 len)
{
	__u64 h = HASH_A ^ (__u64)len * HASH_B;

	for (__u32 i = 0; i < SHORT_WORDS; i++) {
		__u32 left = len - i * 8;
		__u64 word;

		if (i * 8 >= len)
			break;
		word = words[i];
		if (left < 8)
			word &= (1ULL << (left * 8)) - 1;
		h = (h ^ word) * HASH_B;
		h ^= h >> 32;
	}
	return h;
}

/*
 * Without direct loads: all of a dentry in one call, where its members are neighbours, as on every kernel so far (struct
 * qstr begins with hash and length).
 */
static __always_inline void copy_link(struct link *link, struct dentry *dentry)
{
	if (link_is_whole()) {
		bpf_probe_read_kernel(link, sizeof(*link), &dentry->d_parent);
		return;
	}
	link->parent = BPF_CORE_READ(dentry, d_parent);
	link->hash_len = (__u64)BPF_CORE_READ(dentry, d_name.len) << 32;
	link->name = BPF_CORE_READ(dentry, d_name.name);
}

/*
 * Hash of the name of `len` bytes in name[]. A function of its own, as the verifier follows each length that it may have,
 * and would at each step of a climb.
 */
GLOBAL __u64 hash_name(struct scratch *s, __u32 len)
{
	return s ? name_hash(s->name, len & NAME_BYTES_MAX) : 0;
}

/*
 * Reads a dentry: its parent, and its name as a component. Returns false for a long name, which is not hashed. `room`
 * is used without direct loads.
 */
static __always_inline bool read_short_link(struct link *room, struct dentry *dentry,
					    struct dentry **parent, struct component *c)
{
	bool is_short;

	if (DIRECT_LOADS) {
		struct dentry *view = VIEW(dentry);

		*parent = view->d_parent;
		c->name = (__u64)view->d_name.name;
		c->len = view->d_name.len;
	} else {
		copy_link(room, dentry);
		*parent = room->parent;
		c->name = (__u64)room->name;
		c->len = room->hash_len >> 32;
	}
	is_short = c->name == (__u64)dentry + SHORT_NAME_AT && c->len < SHORT_NAME_MAX;
	if (is_short && DIRECT_LOADS) {
		const __u64 *words = (void *)VIEW(dentry) + SHORT_NAME_AT;

		c->hash = words_hash(words, c->len);
		return true;
	}
	if (is_short && link_is_whole()) {
		c->hash = words_hash(room->words, c->len);
		return true;
	}
	return false;
}

/*
 * The same of a name of any length. Returns false where the name can't be read. `calls`: a long name may be hashed by a
 * call, which is one frame more.
 */
static __always_inline bool read_link(struct scratch *s, struct dentry *dentry,
				      struct dentry **parent, struct component *c, bool calls)
{
	if (read_short_link(&s->link, dentry, parent, c))
		return true;
	if (c->len > NAME_BYTES_MAX ||
	    bpf_probe_read_kernel(s->name, c->len & NAME_BYTES_MAX, (void *)c->name) < 0)
		return false;
	c->hash = calls ? hash_name(s, c->len) : name_hash(s->name, c->len & NAME_BYTES_MAX);
	return true;
}
