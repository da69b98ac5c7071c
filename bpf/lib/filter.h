/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The decisions of the kernel stage: interest in a type and its flags, then approvers along the path.
 * Each errs on the side of passing; a dropped event is one that no rule of the active generation can match.
 */
#pragma once

#include "scratch.h"
#include "../include/hash.h"

#define TYPE_BIT(type) (1ULL << (type))

/* An event for which nothing is claimed yet. */
struct event {
	struct task_struct *task; /* the current one, as the verifier knows it */
	struct counters *counters;
	__u32 type;
	__u32 flags;
	__u32 slot; /* of the generation */
};

static __always_inline struct counters *counters_of(__u32 type)
{
	return bpf_map_lookup_elem(&counters, &type);
}

static __always_inline struct generation *generation_in(__u32 slot)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&generations, &slot);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

static __always_inline __u32 current_slot(void)
{
	return active.slot & (GENERATION_SLOTS - 1);
}

static __always_inline bool flags_fit(__u32 any, __u32 flags)
{
	return any == 0 || (any & flags) != 0;
}

/* With which flags any tenant wants this type: see struct active. */
static __always_inline __u64 wanted(__u32 slot, __u32 type)
{
	return type < EVENT_TYPES ? active.wanted[type][slot & (GENERATION_SLOTS - 1)] : 0;
}

/* Whether any tenant wants this type with these flags. */
static __always_inline bool interested(__u32 slot, __u32 type, __u32 flags)
{
	return wanted(slot, type) & (WANTED_ANYWAY | flags);
}

/* Mirrored by agent/src/kernel/tables.ts. */
static __always_inline __u32 bitmap_index(__u64 hash, __u32 kind, __u32 type)
{
	__u64 h = (hash ^ ((__u64)kind << 32 | type)) * HASH_A;

	return h >> (64 - BITMAP_BITS_LOG2);
}

static __always_inline struct approver *approver_of(struct generation *g, __u32 slot,
						    struct approver_key *key)
{
	__u32 bit = bitmap_index(key->hash, key->kind, key->type);
	void *table;

	if (!g || !(g->bitmap[bit >> 5 & (BITMAP_WORDS - 1)] & 1U << (bit & 31)))
		return NULL;
	table = bpf_map_lookup_elem(&approvers, &slot);
	return table ? bpf_map_lookup_elem(table, key) : NULL;
}

/* Tenants with an approver of this kind and hash whose flags fit. */
static __always_inline __u64 approved(struct scratch *s, struct generation *g, __u32 kind,
				      __u64 hash)
{
	struct approver_key key = { .hash = hash, .kind = kind | s->kind, .type = s->type };
	struct approver *a = approver_of(g, s->slot, &key);

	if (a && kind == APPROVER_ANCESTOR)
		s->loud = 1;
	return a && flags_fit(a->flags_any, s->flags) ? a->tenants : 0;
}
