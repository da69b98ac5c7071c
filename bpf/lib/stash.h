/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What an operation is about, kept from the hook that knows its mounts and the state before it (security_path_*)
 * to the one that knows its outcome (fexit of vfs_*). One per thread. What a security module refuses at the former
 * never comes to the latter: it is an event at once. An operation that fails between the two leaves its stash behind,
 * which the thread's next operation replaces and its exit removes.
 */
#pragma once

#include "names.h"

#define STASHES_MAX 4096

/* A path to be: that of an object, and a name below it where that object is a directory of the operation. */
struct stashed_path {
	struct path path;
	__u32 name_len; /* 0: the object itself */
	__u32 reserved;
	char name[256];
};

struct stash {
	__u32 type;
	__u32 text_kind;
	__u64 text;
	struct dentry *subject; /* the dentry that the operation acts on */
	struct dentry
		*exchanged; /* the one that gets its name, whose event is another one; NULL: none */
	struct file_record record; /* with op_* and the attributes of the file */
	struct stashed_path path;
	struct stashed_path dest; /* none where its mount is NULL */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STASHES_MAX);
	__type(key, __u64);
	__type(value, struct stash);
} stashes SEC(".maps");

static __always_inline bool stash_wanted(__u32 type)
{
	return wanted(current_slot(), type);
}

/*
 * Begins a stash if any tenant wants this type; its flags are judged with the outcome. It is prepared in
 * working memory, where the record will be built later: `*s` is to be given to stash_keep().
 */
static __always_inline struct stash *stash_begin(struct scratch **s, __u32 type)
{
	struct stash *stash;

	if (!stash_wanted(type))
		return NULL;
	*s = scratch_claim();
	if (!*s) {
		struct counters *c = counters_of(type);

		if (c)
			c->lost_no_scratch++;
		return NULL;
	}
	stash = (void *)(*s)->record;
	/* The names are written by whoever uses them. */
	__builtin_memset(stash, 0, __builtin_offsetof(struct stash, path.name));
	__builtin_memset(&stash->dest, 0, __builtin_offsetof(struct stashed_path, name));
	stash->type = type;
	stash->record.head.flags = FLAG_ATTRIBUTES_UNKNOWN;
	return stash;
}

/* Names the file of the operation as the first path and describes it as it is now. */
static __always_inline void stash_subject(struct stash *stash, struct vfsmount *mnt,
					  struct dentry *dentry)
{
	stash->subject = dentry;
	stash->path.path.mnt = mnt;
	stash->path.path.dentry = dentry;
	fill_file(&stash->record, (__u64)mnt, (__u64)dentry);
}

/* A directory and a name in it, for a dentry whose own name the operation changes. */
static __always_inline void stash_name(struct stashed_path *to, struct path *directory,
				       struct dentry *dentry)
{
	to->path.mnt = BPF_CORE_READ(directory, mnt);
	to->path.dentry = BPF_CORE_READ(directory, dentry);
	to->name_len = BPF_CORE_READ(dentry, d_name.len) & NAME_BYTES_MAX;
	bpf_probe_read_kernel(to->name, to->name_len & NAME_BYTES_MAX,
			      BPF_CORE_READ(dentry, d_name.name));
}

static __always_inline void stash_keep(struct scratch *s, struct stash *stash)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct counters *c = counters_of(stash->type);

	if (bpf_map_update_elem(&stashes, &id, stash, BPF_ANY) != 0 && c)
		c->lost_no_stash++;
	scratch_release(s);
}

/* The stash of this thread's operation on `subject`, if it is of one of these types. */
static __always_inline struct stash *stash_of(__u64 types, __u64 subject)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct stash *stash = bpf_map_lookup_elem(&stashes, &id);

	if (!stash || !(types & TYPE_BIT(stash->type & 63)) || (__u64)stash->subject != subject)
		return NULL;
	return stash;
}

static __always_inline void stash_drop(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&stashes, &id);
}

static __always_inline void push_stashed(struct scratch *s, struct object *o,
					 struct stashed_path *p)
{
	o->mnt = (__u64)p->path.mnt;
	o->dentry = (__u64)p->path.dentry;
	o->name_len = p->name_len;
	o->name = o->name_len ? as_number(s, p->name) : 0;
	push_object(s, o, o->mnt);
}

/* Begins the event of a stash; NULL: nobody wants it, or it failed in a way that is not reported. */
static __always_inline struct scratch *stash_event(struct stash *stash, bool has_one_path,
						   __s64 result)
{
	__u32 type = stash->type & (EVENT_TYPES - 1); /* for the verifier */
	struct scratch *s;

	barrier_var(type);
	if (!is_reported(result))
		return NULL;
	if (has_one_path)
		s = file_event_begin(type, stash->record.op_flags, &stash->path.path);
	else
		s = event_begin(type, stash->record.op_flags);
	if (!s)
		return NULL;
	__builtin_memcpy(s->record, &stash->record, sizeof(stash->record));
	event_outcome(s, result);
	return s;
}

/* The event of the other file, where two have exchanged their names. It is described as it is after that. */
static __always_inline int stash_exchanged(__s64 result)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct stash *stash = bpf_map_lookup_elem(&stashes, &id);
	struct scratch *s;
	struct path other;
	__u64 tenants;

	if (!stash || !stash->exchanged)
		return 0;
	s = stash_event(stash, false, result);
	if (!s)
		return 0;
	((struct record *)s->record)->flags = FLAG_ATTRIBUTES_UNKNOWN;
	other.mnt = stash->dest.path.mnt;
	other.dentry = stash->exchanged;
	event_subject(s, &other);
	push_stashed(s, &s->objects[0], &stash->dest);
	tenants = event_next_path(s);
	push_stashed(s, &s->objects[1], &stash->path);
	event_end(s, tenants);
	return 0;
}

/*
 * Ends the operation on `subject` that this thread stashed as one of `types`, with what the kernel returned: an event,
 * unless it failed in a way that is not reported. A global function for the reason that lib/path.h gives.
 */
GLOBAL int stash_done(__u64 types, __u64 subject, __s64 result)
{
	struct stash *stash = stash_of(types, subject);
	struct scratch *s;
	__u64 tenants = 0;
	bool has_one_path;

	if (!stash)
		return 0;
	has_one_path = !stash->path.name_len && !stash->dest.path.mnt;
	s = stash_event(stash, has_one_path, result);
	if (s) {
		event_text(s, stash->text_kind, stash->text);
		if (has_one_path)
			push_file(s, &stash->path.path);
		else
			push_stashed(s, &s->objects[0], &stash->path);
		if (stash->dest.path.mnt) {
			tenants = event_next_path(s);
			push_stashed(s, &s->objects[1], &stash->dest);
		}
		event_end(s, tenants);
	}
	stash_exchanged(result);
	stash_drop();
	return 0;
}

/* Keeps the stash of an operation that a security module has allowed; one that it refused is an event by now. */
static __always_inline void stash_asked(struct scratch *s, struct stash *stash, int result)
{
	__u64 type = TYPE_BIT(stash->type & 63), subject = (__u64)stash->subject;

	stash_keep(s, stash);
	if (result != 0)
		stash_done(type, subject, result);
}

/* Begins the stash of an operation about which a security module was asked; NULL: not needed. */
static __always_inline struct stash *stash_if_reported(struct scratch **s, __u32 type, int result)
{
	return is_reported(result) ? stash_begin(s, type) : NULL;
}
