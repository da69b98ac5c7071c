/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every map of the kernel stage, with who writes it and what bounds it. */
#pragma once

#include "bpf.h"
#include "../include/filter.h"

const volatile struct options options SEC(".rodata.options");

/* To the agent. One ring for file and process records, so that their order is kept. Resized at load. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} records SEC(".maps");

/* Indexed by record type. Written here, read by the agent; a lost event is counted where it is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EVENT_TYPES);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/*
 * Generations live in two slots. The agent fills the inactive slot, then stores its number here: that
 * one store is the swap. It empties the other slot after a grace period (an update of a map in a map
 * waits for one), when no program can still be using it.
 */
volatile struct active active SEC(".bss.active");

/*
 * The inner maps are given by size, without BTF: the agent creates theirs without it too, and kernels before
 * 6.3 take only an inner map that equals its template in that (timer_off in bpf_map_meta_equal()).
 */
struct generation_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct generation));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct generation_map);
} generations SEC(".maps");

/* max_entries of the inner maps is the number of approvers of the generation. */
struct approver_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct approver_key));
	__uint(value_size, sizeof(struct approver));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct approver_map);
} approvers SEC(".maps");

/*
 * Watched names of files with several hard links, from the agent. It has the names that the kernel may have forgotten;
 * see names.h.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct identity_key);
	__type(value, struct identity_path);
} identities SEC(".maps");

/*
 * Directories that the matchers of the generation have proven silent for a type, found by the agent from records
 * that passed in vain. The least recently used go when it is full: their events pass again.
 */
struct discarder_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct discarder_key));
	__uint(value_size, sizeof(__u32));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct discarder_map);
} discarders SEC(".maps");
