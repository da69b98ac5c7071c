/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Map contents that the agent writes and the kernel stage reads; its abi.test.ts compares the two. */
#pragma once

#include <linux/types.h>
#include "record.h"

#define APPROVER_PATH	     1
#define APPROVER_ANCESTOR    2
#define APPROVER_BASENAME    3
#define APPROVER_DESTINATION 8 /* added to the kind */

/* The bitmap in front of the approver table: a clear bit proves that a key is absent. */
#define BITMAP_BITS_LOG2 18
#define BITMAP_WORDS	 (1 << (BITMAP_BITS_LOG2 - 5))

struct approver_key {
	__u64 hash;
	__u32 kind;
	__u32 type;
};

struct approver {
	__u64 tenants;
	__u32 flags_any; /* 0: no condition on the flags, else one of these bits must be set */
	__u32 reserved;
};

struct interest {
	__u64 tenants;		    /* who wants this type at all */
	__u64 unfiltered;	    /* who wants it whatever the path */
	__u32 flags_any;	    /* as in struct approver */
	__u32 unfiltered_flags_any; /* as in struct approver */
};

/* Of a directory: the SipHash of its path under options.secret, never 0. */
struct discarder_key {
	__u64 directory;
	__u32 type;
	__u32 reserved;
};

/* A watched name of a file with several hard links, kept by the agent; `nth`: from 0 without a gap. */
struct identity_key {
	__u64 inode;
	__u32 dev; /* as in records */
	__u32 nth;
};

#define IDENTITY_NAMES_MAX  4	/* of one file */
#define IDENTITY_PATH_BYTES 512 /* its NUL included */

struct identity_path {
	char path[IDENTITY_PATH_BYTES];
};

/* One generation's constants; immutable once its slot is active. */
struct generation {
	__u32 generation;
	__u32 reserved;
	struct interest interest[EVENT_TYPES];
	__u32 bitmap[BITMAP_WORDS];
};

/*
 * Which generation is active, and of both slots what decides on nearly every event: all of it in few lines of memory,
 * at an address that programs know.
 */
#define GENERATION_SLOTS 2
#define WANTED_ANYWAY	 (1ULL << 32) /* whatever the flags */

struct active {
	__u32 slot;
	__u32 generation[GENERATION_SLOTS];
	__u32 reserved;
	/* By type and slot: flags of which an event must have one, or WANTED_ANYWAY; 0: nobody wants the type. */
	__u64 wanted[EVENT_TYPES][GENERATION_SLOTS];
};

/* What happened to the events of one type, per CPU. seen = the sum of the others up to lost_unreadable.
 * Each name by which an event is judged counts as one. */
struct counters {
	__u64 seen;
	__u64 dropped_interest;
	__u64 dropped_approver;
	__u64 dropped_discarder;
	__u64 dropped_directory; /* by the directory cache, which knew a discarder */
	__u64 passed;
	__u64 lost_ring_full;
	__u64 lost_no_scratch;
	__u64 lost_no_stash;
	__u64 lost_unreadable;
	__u64 truncated;
	__u64 names_left_out; /* events whose file has more names than were judged */
};

/* Set by the agent before loading. */
struct options {
	__u32 agent_tgid;	    /* whose own activity is left out; 0: nobody's */
	__u32 mkdir_returns_dentry; /* vfs_mkdir(): since 6.15; an int before */
	__u32 direct_loads;	    /* bpf_rdonly_cast(): since 6.2 */
	__u32 unmapped;		    /* functions have no parameter for id mappings: before 5.12 */
	__u64 secret[2];	    /* of directory keys; random */
	__u64 rename_lock;	    /* addresses of the kernel's counters; 0: no directory cache */
	__u64 mount_lock;
	__u32 completes_by_cqe; /* the tracepoint io_uring_complete: since 6.14 */
	__u32 reserved;
};
