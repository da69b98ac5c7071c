/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Working memory of a program: far more than the 512 bytes of stack.
 *
 * Each CPU has SCRATCH_SLOTS of them. A program claims one for its duration, because tracing programs may
 * be preempted by another task's program on the same CPU (migration is disabled, preemption is not). When
 * all are taken the event is counted as lost_no_scratch.
 */
#pragma once

#include "maps.h"

#define SCRATCH_SLOTS 3

/* A component seen while climbing from the leaf to the root. */
struct component {
	const void *name;
	__u32 len;
	__u32 reserved;
};

/* State of the path after n components; a stack, so that ".." can take one back. */
struct level {
	__u64 hash;  /* of the path so far */
	__u64 name;  /* of the last component */
	__u64 below; /* tenants approved by the directories strictly above */
	__u32 end;   /* offset in record[] after the last component */
	__u32 reserved;
};

/* Room for both paths and the text behind the fixed part, and for one more name written before a check. */
#define RECORD_BYTES_MAX \
	(sizeof(struct file_record) + 2 * (PATH_BYTES_MAX + 1) + TEXT_BYTES_MAX + 1)
#define RECORD_SLACK 512

/* Of the path that is being built, beside APPROVER_DESTINATION; no approver is of this kind. */
#define KIND_TEXT 16

/* What struct scratch.text points to. */
#define TEXT_NONE    0
#define TEXT_USER    1 /* a string of the task */
#define TEXT_KERNEL  2 /* a string of the kernel */
#define TEXT_DENTRY  3 /* a dentry whose path in its file system is the text */
#define TEXT_UNKNOWN 4

struct scratch {
	__u64 busy; /* 0 or 1; exchanged atomically */
	/* The event being judged. */
	__u32 type;
	__u32 flags;
	__u32 slot;	     /* active generation */
	__u32 kind;	     /* of the path being built: 0, APPROVER_DESTINATION or KIND_TEXT */
	__u64 subject_inode; /* struct inode * that the record describes; 0: not known */
	__u64 subject_mnt;   /* struct vfsmount * it is reached through */
	__u64 text;	     /* third text of the record */
	__u32 text_kind;
	/* The path being built: it starts at `start` in record[]. */
	__u32 start;
	__u32 depth; /* index of the top in levels[] */
	__u32 truncated;
	__u32 bytes_max;
	struct level levels[PATH_DEPTH_MAX + 1];
	struct component climb[PATH_DEPTH_MAX];
	char user[PATH_BYTES_MAX + 1];
	__u8 record[RECORD_BYTES_MAX + RECORD_SLACK];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch_claim(void)
{
	for (__u32 i = 0; i < SCRATCH_SLOTS; i++) {
		__u32 key = i;
		struct scratch *s = bpf_map_lookup_elem(&scratches, &key);

		if (s && !__sync_lock_test_and_set(&s->busy, 1))
			return s;
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *s)
{
	s->busy = 0;
}
