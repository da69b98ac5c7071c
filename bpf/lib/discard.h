/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Discarders: directories proven silent for an event type. They are keyed by what the path says, not by which
 * directory it is, so renames, mounts and reused inodes can't turn one against another directory; and by a keyed hash
 * (SipHash under a secret of this agent's start), so nobody can make a path that collides with one.
 */
#pragma once

#include "path.h"

/* Types with one path, that of a file: those for which a directory can be proven silent. */
#define SILENT_TYPES                                                                       \
	(TYPE_BIT(EVENT_OPEN) | TYPE_BIT(EVENT_UNLINK) | TYPE_BIT(EVENT_CHMOD) |           \
	 TYPE_BIT(EVENT_CHOWN) | TYPE_BIT(EVENT_MKDIR) | TYPE_BIT(EVENT_RMDIR) |           \
	 TYPE_BIT(EVENT_UTIMES) | TYPE_BIT(EVENT_SETXATTR) | TYPE_BIT(EVENT_REMOVEXATTR) | \
	 TYPE_BIT(EVENT_SPLICE) | TYPE_BIT(EVENT_CHDIR))

#define SIP_WORDS_IN_LINE 8

/* One word. Returns whether it was the last whole one. */
static __always_inline bool sip_on(struct scratch *s, struct siphash *h)
{
	__u32 at = s->hash_at;

	if (s->hash_left < 8 || at > RECORD_BYTES_MAX)
		return true;
	barrier_var(at); /* what follows is to be computed from the register that was checked */
	sip_word(h, *(__u64 *)&s->record[at]);
	s->hash_at = at + 8;
	s->hash_left -= 8;
	return false;
}

static __always_inline bool sip_step(struct scratch *s, __u32 i)
{
	return sip_on(s, &s->hash);
}

REPEATED(sip_rest, sip_step)

/*
 * Key of the directory of the file whose path, made of kernel objects alone, stands finished in record[]; 0: none. The
 * root has none. A global function for the reason that path.h gives.
 */
GLOBAL __u64 directory_key(struct scratch *s)
{
	__u32 above, len, at, left;
	struct siphash h;
	bool end = false;
	__u64 last, key;

	if (!s || !s->by_object || s->truncated || s->kind)
		return 0;
	if (s->type >= 64 || !(SILENT_TYPES & TYPE_BIT(s->type)))
		return 0;
	above = s->depth - 1;
	if (above - 1 >= PATH_DEPTH_MAX - 1)
		return 0;
	BOUND(above, PATH_DEPTH_MAX);
	len = s->levels[above].end - s->start;
	s->hash_at = s->start;
	s->hash_left = len;
	sip_begin(&h, options.secret[0], options.secret[1]);
	for (__u32 i = 0; i < SIP_WORDS_IN_LINE && !end; i++)
		end = sip_on(s, &h);
	if (!end) {
		s->hash = h;
		sip_rest(s, PATH_BYTES_MAX / 8 + 1);
		h = s->hash;
	}
	at = s->hash_at;
	left = s->hash_left;
	if (at > RECORD_BYTES_MAX || left > 7)
		return 0;
	barrier_var(at);
	last = *(__u64 *)&s->record[at] & ((1ULL << (left * 8)) - 1);
	key = sip_end(&h, last, len);
	return key ? key : 1;
}

static __always_inline bool discarded(__u32 slot, __u64 directory, __u32 type)
{
	struct discarder_key key = { .directory = directory, .type = type };
	void *table = bpf_map_lookup_elem(&discarders, &slot);

	return table && bpf_map_lookup_elem(table, &key);
}
