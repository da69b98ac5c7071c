/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests of io_uring between submission, when their names are there, and completion, when their outcome is: the
 * record of an event that passes waits here. What finds no room does not wait, and so is told as if it succeeded.
 */
#pragma once

#include "filter.h"

#ifdef WEIR_LEGACY

/* Kernels before 5.17 have no such tracepoints. */
static __always_inline bool request_defer(struct scratch *s, __u32 size)
{
	return false;
}

#else

#define REQUESTS_MAX 4096
#define DEFERRED_MAX 128

/* By the address of its struct io_kiocb. */
struct request {
	__u64 ring;
	__u64 user_data;
	__u32 type;
	__u32 flags; /* of open(2) */
	__u32 mode;
	__u32 direct; /* opens into the ring's own table of files */
	__u32 place;  /* in deferred_records, from 1, of the record that waits; 0: none does */
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, REQUESTS_MAX);
	__type(key, __u64);
	__type(value, struct request);
} requests SEC(".maps");

struct deferred {
	__u32 busy; /* 0 or 1; exchanged atomically */
	__u32 size;
	__u8 record[RECORD_BYTES_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFERRED_MAX);
	__type(key, __u32);
	__type(value, struct deferred);
} deferred_records SEC(".maps");

struct place {
	__u32 number; /* from 1; 0: none is free */
};

static long place_step(__u32 i, struct place *place)
{
	struct deferred *deferred = bpf_map_lookup_elem(&deferred_records, &i);

	if (!deferred || !hold(&deferred->busy))
		return 0;
	place->number = i + 1;
	return 1;
}

static __always_inline struct deferred *deferred_at(__u32 number)
{
	__u32 key = number - 1;

	return bpf_map_lookup_elem(&deferred_records, &key);
}

/*
 * Lets the record of `size` bytes wait for the outcome of its request; it is counted when it is sent. Returns whether
 * it does. A global function for the reason that lib/path.h gives; it copies what older kernels do not let a map take.
 */
GLOBAL int request_defer(struct scratch *s, __u32 size)
{
	struct place place = {};
	struct deferred *deferred;
	struct request *request;
	__u64 key;

	if (!s || size > RECORD_BYTES_MAX)
		return false;
	key = s->request;
	request = bpf_map_lookup_elem(&requests, &key);
	/* One record waits, by the name that was used; the other names' (names.h) do not. */
	if (!request || request->place)
		return false;
	bpf_loop(DEFERRED_MAX, place_step, &place, 0);
	deferred = place.number ? deferred_at(place.number) : NULL;
	if (!deferred)
		return false;
	((struct record *)s->record)->size = size;
	deferred->size = size;
	bpf_probe_read_kernel(deferred->record, size, s->record);
	request->place = place.number;
	return true;
}

#endif
