/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Builds the absolute path of an event in record[], from kernel objects or from a string relative to one,
 * and collects on the way which tenants it approves.
 *
 * A path is relative to the root of the mount tree it lies in, so that it reads the same inside a
 * container. Climbing goes from the leaf to that root and leaves the names in climb[]; descending then
 * appends them in order, hashing each. What can't be followed to its end is marked truncated: its event
 * passes for every tenant that wants the type.
 *
 * The functions without `static` are global on purpose: the verifier checks each of them once, for any
 * argument, instead of again at every call. For it they test `s` and take kernel pointers as numbers.
 */
#pragma once

#include "dentry.h"
#include "filter.h"

/* Components plus mounts crossed; each iteration of the climb does one of them. */
#define CLIMB_STEPS_MAX (PATH_DEPTH_MAX + 64)
#ifdef WEIR_LEGACY
#define STEPS_IN_LINE 0
#else
#define STEPS_IN_LINE 12
#endif

static __always_inline void path_start(struct scratch *s, __u32 start, __u32 kind)
{
	s->start = start;
	s->kind = kind;
	s->bytes_max = kind == KIND_TEXT   ? TEXT_BYTES_MAX
		       : kind == KIND_USED ? USED_BYTES_MAX
					   : PATH_BYTES_MAX;
	s->depth = 0;
	s->truncated = 0;
	s->by_object = 0;
	s->loud = 0;
	s->levels[0].hash = ROOT_HASH;
	s->levels[0].last.hash = 0;
	s->levels[0].below = 0;
	s->levels[0].end = start;
}

/* Appends a component: its hash and that of the path, and what its directory approves. */
static __always_inline int push(struct scratch *s, struct generation *g, struct component *c)
{
	__u32 depth = s->depth, end;
	struct level *parent, *top;

	if (c->len == 0)
		return 0;
	if (depth >= PATH_DEPTH_MAX || c->len > NAME_BYTES_MAX) {
		s->truncated = 1;
		return 0;
	}
	BOUND(depth, PATH_DEPTH_MAX);
	parent = &s->levels[depth];
	top = &s->levels[depth + 1];
	end = parent->end + 1 + c->len;
	if (end - s->start > s->bytes_max) {
		s->truncated = 1;
		return 0;
	}
	top->last = *c;
	top->hash = child_hash(parent->hash, c->hash);
	top->below = parent->below | approved(s, g, APPROVER_ANCESTOR, parent->hash);
	top->end = end;
	s->depth = depth + 1;
	return 0;
}

/* Appends the component of len bytes at user[from]; they stay there until the path is finished. */
GLOBAL int path_push_user(struct scratch *s, __u32 from, __u32 len)
{
	struct component c = { .len = len };
	const char *name;

	if (!s)
		return 0;
	s->by_object = 0;
	name = &s->user[from & PATH_BYTES_MAX];
	c.name = (__u64)name;
	c.hash = len <= NAME_BYTES_MAX ? name_hash((const __u8 *)name, len) : 0;
	return push(s, generation_in(s->slot), &c);
}

/* One component or one mount; `*at` goes up. Returns whether it was the last one. */
static __always_inline bool climb_on(struct scratch *s, struct dentry **at, bool calls)
{
	struct dentry *dentry = *at, *parent;
	__u32 depth = s->climbed;

	if ((__u64)dentry == s->mnt_root) {
		struct mount *mnt = (void *)s->mnt, *up = READ(mnt, mnt_parent);

		if (!up || up == mnt) {
			s->arrived = whole_path(mnt);
			return true;
		}
		*at = READ(mnt, mnt_mountpoint);
		s->mnt = (__u64)up;
		s->mnt_root = (__u64)READ(up, mnt.mnt_root);
		return false;
	}
	if (depth >= PATH_DEPTH_MAX)
		return true;
	BOUND(depth, PATH_DEPTH_MAX);
	if (!read_link(s, dentry, &parent, &s->climb[depth], calls))
		return true;
	if (!parent || parent == dentry) {
		/* Not below the root of its mount: a pseudo file, or moved out of a bind mount. */
		s->outside = 1;
		s->arrived = !s->mnt || is_internal((void *)s->mnt);
		return true;
	}
	s->climbed = depth + 1;
	*at = parent;
	return false;
}

static __always_inline bool climb_step(struct scratch *s, __u32 i)
{
	struct dentry *at = (void *)s->at;
	bool end = climb_on(s, &at, false);

	s->at = (__u64)at;
	return end;
}

REPEATED(climb_rest, climb_step)

/* One component. Returns whether it was the last one. */
static __always_inline bool descend_on(struct scratch *s, struct generation *g)
{
	__u32 left = s->climbed - 1;

	if (left >= PATH_DEPTH_MAX)
		return true;
	BOUND(left, PATH_DEPTH_MAX);
	s->climbed = left;
	push(s, g, &s->climb[left]);
	return s->truncated;
}

static __always_inline bool descend_step(struct scratch *s, __u32 i)
{
	return descend_on(s, generation_in(s->slot));
}

REPEATED(descend_rest, descend_step)

#ifdef WEIR_LEGACY
/* One character of a name that may end at a slash. */
static __always_inline bool pseudo_step(struct scratch *s, __u32 i)
{
	char c = s->name[i & NAME_BYTES_MAX];

	if (c == 0 || c == '/')
		return true;
	s->climb[0].len = i + 1;
	return false;
}

REPEATED(pseudo_rest, pseudo_step)

/* Up to the NUL that is there: the verifier of 5.10 follows a number that it does not know beyond its jumps. */
static __always_inline void pseudo_name(struct scratch *s, __u32 count)
{
	pseudo_rest(s, NAME_BYTES_MAX);
}
#else
/* In line: a callback takes later verifiers beyond their limit. */
static __always_inline void pseudo_name(struct scratch *s, __u32 count)
{
	for (__u32 i = 0; i < NAME_BYTES_MAX && i < count; i++) {
		if (s->name[i] == 0 || s->name[i] == '/')
			break;
		s->climb[0].len = i + 1;
	}
}
#endif

/*
 * Finds the name of a file that lies in no directory, as of memfd_create(2): up to the first slash, which it may have, or
 * that of its file system where it has none (pipes, sockets).
 */
GLOBAL int name_pseudo_file(struct scratch *s, __u64 dentry_address)
{
	struct dentry *dentry = (void *)dentry_address;
	struct component *c;
	__u32 len;

	if (!s)
		return 0;
	c = &s->climb[0];
	c->name = (__u64)BPF_CORE_READ(dentry, d_name.name);
	len = BPF_CORE_READ(dentry, d_name.len);
	if (!len) {
		c->name = (__u64)BPF_CORE_READ(dentry, d_inode, i_sb, s_type, name);
		len = NAME_BYTES_MAX;
	}
	len &= NAME_BYTES_MAX;
	if (bpf_probe_read_kernel_str(s->name, len + 1, (void *)c->name) < 0)
		return 0;
	c->len = 0;
	pseudo_name(s, len);
	return 0;
}

/*
 * Appends the path of a struct vfsmount, 0 for the path in the file system, and a struct dentry to an empty path.
 * A call costs as much as the step that it makes, so the first steps are made in line.
 */
GLOBAL int path_push_object(struct scratch *s, __u64 vfsmount, __u64 dentry)
{
	struct vfsmount *mnt = (void *)vfsmount;
	struct dentry *at = (void *)dentry;
	struct generation *g;
	bool end = false;

	if (!s)
		return 0;
	s->mnt = mnt ? (__u64)real_mount(mnt) : 0;
	s->mnt_root = mnt ? (__u64)READ(mnt, mnt_root) : 0;
	s->by_object = s->depth == 0;
	s->climbed = 0;
	s->arrived = 0;
	s->outside = 0;
	for (__u32 i = 0; i < STEPS_IN_LINE && !end; i++)
		end = climb_on(s, &at, true);
	if (!end) {
		s->at = (__u64)at;
		climb_rest(s, CLIMB_STEPS_MAX - STEPS_IN_LINE);
	}
	/* In a mount that is in no tree, and not its root. */
	if (s->arrived && !s->climbed && s->mnt && (__u64)at != s->mnt_root) {
		name_pseudo_file(s, as_number(s, at));
		s->climb[0].hash = hash_name(s, s->climb[0].len);
		s->climbed = 1;
	}
	g = generation_in(s->slot);
	end = false;
	for (__u32 i = 0; i < STEPS_IN_LINE && !end; i++)
		end = descend_on(s, g);
	if (s->climbed)
		descend_rest(s, PATH_DEPTH_MAX);
	if (!s->arrived)
		s->truncated = 1;
	return 0;
}

/* The same of pointers that may be of the verifier's. */
static __always_inline int push_path(struct scratch *s, struct path *path)
{
	__u64 mnt = as_number(s, path->mnt), dentry = as_number(s, path->dentry);

	return path_push_object(s, mnt, dentry);
}

static __always_inline bool append_step(struct scratch *s, __u32 i)
{
	__u32 from = s->from & PATH_BYTES_MAX, len;
	char c = s->user[i & PATH_BYTES_MAX];

	if (i < from || (c != '/' && c != 0))
		return false;
	len = i - from;
	s->from = i + 1;
	if (len == 2 && s->user[from] == '.' && s->user[(from + 1) & PATH_BYTES_MAX] == '.') {
		if (s->depth > s->floor)
			s->depth--;
	} else if (!(len == 1 && s->user[from] == '.')) {
		path_push_user(s, from, len);
	}
	return c == 0 || s->truncated;
}

REPEATED(append_all, append_step)

/*
 * Appends the string at user[from], lexically: "." and ".." are resolved, symbolic links are not. The latter does not
 * lead above `floor` components: the task's root, which a chroot has put deeper than the tree's.
 */
GLOBAL int path_push_string(struct scratch *s, __u32 from, __u32 floor)
{
	if (!s)
		return 0;
	s->from = from;
	s->floor = floor;
	append_all(s, PATH_BYTES_MAX + 1);
	return 0;
}

static __always_inline __u64 path_hash(struct scratch *s)
{
	__u32 depth = s->depth;

	return depth <= PATH_DEPTH_MAX ? s->levels[depth].hash : 0;
}

/* Tenants that the path approves. */
static __always_inline __u64 path_approved(struct scratch *s, struct generation *g)
{
	struct level *top;
	__u32 depth;

	if (s->depth > PATH_DEPTH_MAX)
		return 0;
	depth = s->depth;
	top = &s->levels[depth];
	return top->below | approved(s, g, APPROVER_PATH, top->hash) |
	       (depth ? approved(s, g, APPROVER_BASENAME, top->last.hash) : 0);
}

/* Writes a component into record[]. A name that is another one by now makes the path unknown. */
static __always_inline bool write_step(struct scratch *s, __u32 i)
{
	struct level *level;
	__u32 at, len;

	if (i >= s->depth || i >= PATH_DEPTH_MAX)
		return true;
	level = &s->levels[i + 1];
	len = level->last.len & NAME_BYTES_MAX;
	at = level->end - 1 - len;
	if (at > RECORD_BYTES_MAX)
		return true;
	barrier_var(at); /* what follows is to be computed from the register that was checked */
	s->record[at] = '/';
	/* at + 1 + 255 stays inside record[], which has RECORD_SLACK behind RECORD_BYTES_MAX. */
	if (bpf_probe_read_kernel(&s->record[at + 1], len, (void *)level->last.name) < 0 ||
	    name_hash(&s->record[at + 1], len) != level->last.hash)
		s->truncated = 1;
	return false;
}

REPEATED(write_names, write_step)

/*
 * Ends the path: writes its bytes into record[] and pads them with NUL to a multiple of 8. Sets *len to how many
 * they are. Returns the offset in record[] behind the padding. It may find that the path is truncated. A global
 * function for the reason given above.
 */
GLOBAL int path_write(struct scratch *s)
{
	if (!s)
		return 0;
	write_names(s, PATH_DEPTH_MAX);
	return 0;
}

static __always_inline __u32 path_finish(struct scratch *s, __u16 *len)
{
	__u32 depth = s->depth, end;

	path_write(s);
	if (depth > PATH_DEPTH_MAX)
		depth = PATH_DEPTH_MAX;
	end = s->levels[depth].end;
	if (end > RECORD_BYTES_MAX)
		end = RECORD_BYTES_MAX;
	if (depth == 0 && !s->truncated)
		s->record[end++] = '/';
	*len = end - s->start;
	*(__u64 *)&s->record[end] = 0;
	return (end + 7) & ~7U;
}
