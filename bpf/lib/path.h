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

#include "filter.h"

/* Components plus mounts crossed; each iteration of the climb does one of them. */
#define CLIMB_STEPS_MAX (PATH_DEPTH_MAX + 64)

static __always_inline void path_start(struct scratch *s, __u32 start, __u32 kind)
{
	s->start = start;
	s->kind = kind;
	s->bytes_max = kind == KIND_TEXT ? TEXT_BYTES_MAX : PATH_BYTES_MAX;
	s->depth = 0;
	s->truncated = 0;
	s->levels[0].hash = ROOT_HASH;
	s->levels[0].name = 0;
	s->levels[0].below = 0;
	s->levels[0].end = start;
}

static __always_inline int push(struct scratch *s, const void *name, __u32 len)
{
	__u32 depth = s->depth, end;
	struct level *parent, *top;

	if (len == 0)
		return 0;
	if (depth >= PATH_DEPTH_MAX || len > NAME_BYTES_MAX) {
		s->truncated = 1;
		return 0;
	}
	parent = &s->levels[depth];
	top = &s->levels[depth + 1];
	end = parent->end;
	/* The second check bounds the index for the verifier. */
	if (end - s->start + 1 + len > s->bytes_max || end > RECORD_BYTES_MAX) {
		s->truncated = 1;
		return 0;
	}
	barrier_var(end); /* what follows is to be computed from the register that was checked */
	s->record[end] = '/';
	/* end + 1 + 255 stays inside record[], which has RECORD_SLACK behind RECORD_BYTES_MAX. */
	if (bpf_probe_read_kernel(&s->record[end + 1], len & NAME_BYTES_MAX, name) < 0) {
		s->truncated = 1;
		return 0;
	}
	top->name = name_hash(&s->record[end + 1], len & NAME_BYTES_MAX);
	top->hash = child_hash(parent->hash, top->name);
	top->below = parent->below | approved(s, APPROVER_ANCESTOR, parent->hash);
	top->end = end + 1 + len;
	s->depth = depth + 1;
	return 0;
}

/* Appends one component of which the kernel has the name. */
__noinline int path_push(struct scratch *s, __u64 name, __u32 len)
{
	return s ? push(s, (void *)name, len) : 0;
}

/* Appends the component of len bytes at user[from]. */
__noinline int path_push_user(struct scratch *s, __u32 from, __u32 len)
{
	return s ? push(s, &s->user[from & PATH_BYTES_MAX], len) : 0;
}

struct climb {
	struct scratch *s;
	struct dentry *dentry;
	struct dentry *mnt_root;
	struct mount *mnt;
	__u32 depth;
	bool arrived;
	bool within; /* a path in the file system itself: mounts do not count */
};

/* Whether a mount is the kernel's own (MNT_NS_INTERNAL, an error number) and in no tree: of pipes, of an overlay. */
static __always_inline bool is_internal(struct mount *mount)
{
	return (__u64)BPF_CORE_READ(mount, mnt_ns) >= (__u64)-MAX_ERRNO;
}

/*
 * Whether a climb that ended at this mount has seen the whole path. The trees of all mount namespaces are copies
 * of the first one, so they share the file system at their root with that of the current task. A tree that is
 * mounted nowhere (open_tree(2), a lazy unmount) ends elsewhere: its path is not known. Internal mounts (pipes,
 * memfd) have no path to know.
 */
static __always_inline bool whole_path(struct mount *top)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 ns = (__u64)BPF_CORE_READ(top, mnt_ns);

	if (is_internal(top))
		return true;
	return ns && BPF_CORE_READ(top, mnt.mnt_sb) ==
			     BPF_CORE_READ(task, nsproxy, mnt_ns, root, mnt.mnt_sb);
}

/* What the climb needs of a dentry: d_parent and d_name, which struct qstr begins with its hash and length. */
struct link {
	struct dentry *parent;
	__u64 hash_len;
	const void *name;
};

#define DENTRY_OFFSET(member) \
	__builtin_preserve_field_info(((struct dentry *)0)->member, BPF_FIELD_BYTE_OFFSET)

/* One read instead of three where the two members are neighbours, as on every kernel so far. */
static __always_inline void read_link(struct link *link, struct dentry *dentry)
{
	if (bpf_core_field_offset(struct dentry, d_name) ==
	    bpf_core_field_offset(struct dentry, d_parent) + 8) {
		bpf_probe_read_kernel(link, sizeof(*link), &dentry->d_parent);
		return;
	}
	link->parent = BPF_CORE_READ(dentry, d_parent);
	link->hash_len = (__u64)BPF_CORE_READ(dentry, d_name.len) << 32;
	link->name = BPF_CORE_READ(dentry, d_name.name);
}

/* BPF_CORE_READ relocates every member in its argument, so its pointers are kept in variables. */
static long climb_step(__u32 i, struct climb *c)
{
	struct dentry *dentry = c->dentry, *parent;
	__u32 depth = c->depth;
	struct link link;

	if (dentry == c->mnt_root) {
		struct mount *mnt = c->mnt, *up = BPF_CORE_READ(mnt, mnt_parent);

		if (!up || up == mnt) {
			c->arrived = whole_path(mnt);
			return 1;
		}
		c->dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
		c->mnt = up;
		c->mnt_root = BPF_CORE_READ(up, mnt.mnt_root);
		return 0;
	}
	read_link(&link, dentry);
	parent = link.parent;
	if (!parent || parent == dentry) {
		/* Not below the root of its mount: a pseudo file, or moved out of a bind mount. */
		struct mount *mnt = c->mnt;

		c->arrived = c->within || is_internal(mnt);
		return 1;
	}
	if (depth >= PATH_DEPTH_MAX)
		return 1;
	c->s->climb[depth].name = link.name;
	c->s->climb[depth].len = link.hash_len >> 32;
	c->depth = depth + 1;
	c->dentry = parent;
	return 0;
}

struct descend {
	struct scratch *s;
	__u32 left;
};

static long descend_step(__u32 i, struct descend *d)
{
	__u32 at = d->left - 1;

	if (at >= PATH_DEPTH_MAX)
		return 1;
	d->left = at;
	path_push(d->s, (__u64)d->s->climb[at].name, d->s->climb[at].len);
	return d->s->truncated ? 1 : 0;
}

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

/* Appends the path of a struct vfsmount, 0 for the path in the file system, and a struct dentry to an empty path. */
__noinline int path_push_object(struct scratch *s, __u64 vfsmount, __u64 dentry)
{
	struct vfsmount *mnt = (void *)vfsmount;
	struct climb c = { .s = s, .dentry = (void *)dentry, .within = !mnt };
	struct descend d = { .s = s };

	if (!s)
		return 0;
	if (mnt) {
		c.mnt = real_mount(mnt);
		c.mnt_root = BPF_CORE_READ(mnt, mnt_root);
	}
	bpf_loop(CLIMB_STEPS_MAX, climb_step, &c, 0);
	d.left = c.depth;
	if (c.depth)
		bpf_loop(PATH_DEPTH_MAX, descend_step, &d, 0);
	if (!c.arrived)
		s->truncated = 1;
	return 0;
}

struct append {
	struct scratch *s;
	__u32 from;
	__u32 floor; /* ".." does not lead above it */
};

static long append_step(__u32 i, struct append *a)
{
	struct scratch *s = a->s;
	__u32 from = a->from & PATH_BYTES_MAX, len;
	char c = s->user[i & PATH_BYTES_MAX];

	if (c != '/' && c != 0)
		return 0;
	len = i - from;
	a->from = i + 1;
	if (len == 2 && s->user[from] == '.' && s->user[(from + 1) & PATH_BYTES_MAX] == '.') {
		if (s->depth > a->floor)
			s->depth--;
	} else if (!(len == 1 && s->user[from] == '.')) {
		path_push_user(s, from, len);
	}
	return c == 0 || s->truncated ? 1 : 0;
}

/* Appends the string in user[], lexically: "." and ".." are resolved, symbolic links are not. */
__noinline int path_push_string(struct scratch *s)
{
	struct append a = { .s = s };

	if (!s)
		return 0;
	/* An absolute path starts at the task's root, which a chroot has put deeper than the tree's. */
	if (s->user[0] == '/')
		a.floor = s->depth;
	bpf_loop(PATH_BYTES_MAX + 1, append_step, &a, 0);
	return 0;
}

static __always_inline __u64 path_hash(struct scratch *s)
{
	__u32 depth = s->depth;

	return depth <= PATH_DEPTH_MAX ? s->levels[depth].hash : 0;
}

/* Tenants that the finished path approves. */
__noinline __u64 path_approved(struct scratch *s)
{
	struct level *top;
	__u32 depth;

	if (!s || s->depth > PATH_DEPTH_MAX)
		return 0;
	depth = s->depth;
	top = &s->levels[depth];
	return top->below | approved(s, APPROVER_PATH, top->hash) |
	       (depth ? approved(s, APPROVER_BASENAME, top->name) : 0);
}

/*
 * Ends the path and pads it with NUL to a multiple of 8. Sets *len to its bytes.
 * Returns the offset in record[] behind the padding.
 */
static __always_inline __u32 path_finish(struct scratch *s, __u16 *len)
{
	__u32 depth = s->depth, end;

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
