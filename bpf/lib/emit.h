/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Events from interest to record: begins them, judges them, and hands them to the agent or counts why not. They end in
 * names.h.
 */
#pragma once

#include "describe.h"
#include "directory.h"
#include "outcome.h"
#include "request.h"

/* Ends a record of `size` bytes, which start record[]. */
static __always_inline bool send(struct scratch *s, struct counters *c, __u32 size)
{
	struct record *r = (struct record *)s->record;

	if (size > RECORD_BYTES_MAX) {
		c->lost_unreadable++;
		return false;
	}
	r->size = size;
	if (bpf_ringbuf_output(&records, s->record, size, 0) < 0) {
		c->lost_ring_full++;
		return false;
	}
	return true;
}

/*
 * Counts an event that begins. Returns whether it interests anybody, and is none of the agent's own. `task`: the current
 * one, NULL where it is not at hand.
 */
static __always_inline bool event_wanted(struct event *e, struct task_struct *task, __u32 type,
					 __u32 flags)
{
	struct counters *c = counters_of(type);
	__u32 slot = current_slot();

	if (!c)
		return false;
	if (!interested(slot, type, flags)) {
		c->seen++;
		c->dropped_interest++;
		return false;
	}
	if (!task)
		task = current_task();
	if (options.agent_tgid && (__u32)KNOWN(task, tgid) == options.agent_tgid)
		return false;
	c->seen++;
	e->task = task;
	e->counters = c;
	e->type = type;
	e->flags = flags;
	e->slot = slot;
	return true;
}

/* Clears the fixed part of the record, behind which the first path can be built. */
static __always_inline void event_start(struct scratch *s, const struct event *e)
{
	struct file_record *r = (void *)s->record;

	__builtin_memset(r, 0, sizeof(*r));
	r->head.flags = FLAG_ATTRIBUTES_UNKNOWN;
	s->type = e->type;
	s->flags = e->flags;
	s->slot = e->slot;
	s->subject_dentry = 0;
	s->text_kind = TEXT_NONE;
	s->has_identity = 0;
	s->time_ns = 0;
	s->objects[0].dentry = 0;
	s->objects[1].dentry = 0;
	s->plural = PLURAL_UNKNOWN;
	s->two_paths = 0;
	s->request = 0;
	s->kernel_strings = 0;
	path_start(s, sizeof(struct file_record), 0);
}

/* Claims working memory for an event and starts there; the caller finishes with event_end(). */
static __always_inline struct scratch *event_claim(const struct event *e)
{
	struct scratch *s = scratch_claim();

	if (!s) {
		e->counters->lost_no_scratch++;
		return NULL;
	}
	event_start(s, e);
	return s;
}

/* Begins a file event: interest, then working memory. */
static __always_inline struct scratch *event_begin(__u32 type, __u32 flags)
{
	struct event e;

	return event_wanted(&e, NULL, type, flags) ? event_claim(&e) : NULL;
}

/* The same of an event with one path, that of a file; what is known of its directory may decide before. */
static __always_inline struct scratch *file_event_begin(__u32 type, __u32 flags, struct path *path)
{
	struct event e;

	if (!event_wanted(&e, NULL, type, flags) ||
	    directory_drops(&e, (__u64)path->mnt, (__u64)path->dentry))
		return NULL;
	return event_claim(&e);
}

/* Names the file that the event is about. It is described only if the event passes. */
static __always_inline void event_subject(struct scratch *s, struct path *path)
{
	s->subject_mnt = (__u64)path->mnt;
	s->subject_dentry = (__u64)path->dentry;
}

static __always_inline void event_text(struct scratch *s, __u32 kind, __u64 text)
{
	s->text_kind = kind;
	s->text = text;
}

/* Ends the first path and begins the destination path behind it. Returns the tenants it approves. */
static __always_inline __u64 event_next_path(struct scratch *s)
{
	struct file_record *r = (struct file_record *)s->record;
	__u64 tenants = path_approved(s, generation_in(s->slot));
	__u32 end = path_finish(s, &r->path_len);

	if (s->truncated)
		r->head.flags |= FLAG_PATH_TRUNCATED;
	path_start(s, end, APPROVER_DESTINATION);
	s->two_paths = 1;
	return tenants;
}

/* Adds the text behind the paths, which end at `end`. Returns the end of the record. */
static __always_inline __u32 append_text(struct scratch *s, __u32 end)
{
	struct file_record *r = (struct file_record *)s->record;
	long bytes;

	if (s->text_kind == TEXT_NONE)
		return end;
	if (s->text_kind == TEXT_DENTRY) {
		path_start(s, end, KIND_TEXT);
		path_push_object(s, 0, s->text);
		end = path_finish(s, &r->text_len);
		if (s->truncated)
			r->head.flags |= FLAG_TEXT_TRUNCATED;
		return end;
	}
	if (end > RECORD_BYTES_MAX - (TEXT_BYTES_MAX + 1))
		end = RECORD_BYTES_MAX - (TEXT_BYTES_MAX + 1);
	if (s->text_kind == TEXT_USER)
		bytes = bpf_probe_read_user_str(&s->record[end], TEXT_BYTES_MAX + 1,
						(void *)s->text);
	else if (s->text_kind == TEXT_KERNEL)
		bytes = bpf_probe_read_kernel_str(&s->record[end], TEXT_BYTES_MAX + 1,
						  (void *)s->text);
	else
		bytes = 0;
	if (bytes <= 0 || bytes > TEXT_BYTES_MAX) {
		r->head.flags |= FLAG_TEXT_TRUNCATED;
		return end;
	}
	bytes -= 1; /* its NUL */
	r->text_len = bytes;
	*(__u64 *)&s->record[end + bytes] = 0;
	return (end + bytes + 7) & ~7U;
}

/* Appends the path of an object to an empty one. */
static __always_inline void push_object(struct scratch *s, struct object *o, __u64 mnt)
{
	__u32 len = o->name_len;

	path_push_object(s, mnt, o->dentry);
	if (!o->name)
		return;
	bpf_probe_read_kernel(s->user, NAME_BYTES_MAX, (void *)o->name);
	path_push_user(s, 0, len);
}

/* Adds a path that was used; one that is too long is left out. Returns the end of the record. */
static __always_inline __u32 append_used(struct scratch *s, __u32 end, struct object *o, __u16 *len)
{
	__u32 next;

	path_start(s, end, KIND_USED);
	push_object(s, o, o->mnt);
	next = path_finish(s, len);
	if (!s->truncated)
		return next;
	*len = 0;
	return end;
}

/*
 * Tenants that approve of an event by its last path, and of `tenants`, who do by an earlier one, or because they want all
 * of its type; counts one that nobody approves. What is not known to its end goes on without.
 */
static __always_inline bool event_approved(struct scratch *s, __u64 *tenants)
{
	struct file_record *r = (struct file_record *)s->record;
	struct generation *g = generation_in(s->slot);
	struct interest *i;
	struct counters *c;

	if (!g || s->type >= EVENT_TYPES)
		return false;
	i = &g->interest[s->type];
	*tenants |= path_approved(s, g);
	if (flags_fit(i->unfiltered_flags_any, s->flags))
		*tenants |= i->unfiltered;
	if (*tenants || s->truncated || r->head.flags & FLAG_PATH_TRUNCATED)
		return true;
	c = counters_of(s->type);
	if (c)
		c->dropped_approver++;
	return false;
}

/* Sends an event that `tenants` approve of. A global function for the reason that lib/path.h gives. */
#ifdef WEIR_NAMES
GLOBAL
#else
static __always_inline
#endif
int event_pass(struct scratch *s, __u64 tenants)
{
	struct file_record *r;
	struct generation *g;
	struct counters *c;
	struct interest *i;
	__u32 end;
	__u64 key;

	if (!s)
		return 0;
	r = (struct file_record *)s->record;
	g = generation_in(s->slot);
	c = counters_of(s->type);
	if (!g || !c || s->type >= EVENT_TYPES)
		return 0;
	i = &g->interest[s->type];
	/* Only now its bytes. */
	end = path_finish(s, s->kind ? &r->dest_len : &r->path_len);
	if (s->truncated)
		r->head.flags |= s->kind ? FLAG_DEST_TRUNCATED : FLAG_PATH_TRUNCATED;
	if (r->head.flags & (FLAG_PATH_TRUNCATED | FLAG_DEST_TRUNCATED)) {
		tenants = i->tenants;
		c->truncated++;
	}
	key = directory_key(s);
	if (key && discarded(s->slot, key, s->type)) {
		c->dropped_discarder++;
		if (options.rename_lock && s->has_identity && s->plural == PLURAL_NO)
			directory_keep(s, 1);
		return 0;
	}
	end = append_text(s, end);
#ifdef WEIR_NAMES
	if (r->head.flags & FLAG_OTHER_NAME)
		end = append_used(s, end, &s->objects[0], &r->used_len);
	if (r->head.flags & FLAG_OTHER_NAME && r->dest_len && s->objects[1].dentry &&
	    s->type != EVENT_MOUNT)
		end = append_used(s, end, &s->objects[1], &r->used_dest_len);
#endif
	fill_head(&r->head, current_task(), s->type);
	if (s->time_ns)
		r->head.time_ns = s->time_ns;
	s->time_ns = r->head.time_ns;
	if (s->subject_dentry)
		fill_file(r, s->subject_mnt, s->subject_dentry);
	r->head.tenants = tenants;
	r->head.generation = g->generation;
	r->op_flags = s->flags;
	r->directory_key = key;
	if (s->request && request_defer(s, end))
		c->seen--;
	else if (send(s, c, end))
		c->passed++;
	return 0;
}

/* Judges by the approvers and sends what passes. */
static __always_inline int event_judge(struct scratch *s, __u64 tenants)
{
	return event_approved(s, &tenants) ? event_pass(s, tenants) : 0;
}

/* Gives up an event whose objects could not be read, and keeps the working memory. */
static __always_inline void event_unread(struct scratch *s)
{
	struct counters *c = counters_of(s->type);

	if (c)
		c->lost_unreadable++;
}

static __always_inline void event_lost(struct scratch *s)
{
	event_unread(s);
	scratch_release(s);
}
