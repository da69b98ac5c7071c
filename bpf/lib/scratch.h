/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Working memory of a program: far more than the 512 bytes of stack.
 *
 * Each CPU has SCRATCH_SLOTS of them. A program claims one for its duration, because tracing programs may
 * be preempted by another task's program on the same CPU (migration is disabled, preemption is not). When
 * all are taken the event is counted as lost_no_scratch.
 */
#pragma once

#include "read.h"
#include "../include/siphash.h"

#define SCRATCH_SLOTS  3
#define NAME_BYTES_MAX 255

/* Of the name of a symbolic link, up to its last slash; it would not fit into the 32 KiB of a value for each CPU whole. */
#define DIRECTORY_BYTES_MAX 2048

/* A component of a path: where its name is, and the name's hash. The bytes are fetched for events that pass. */
struct component {
	__u64 name; /* kernel address */
	__u64 hash;
	__u32 len;
	__u32 reserved;
};

#define SHORT_WORDS 5

/* What the climb needs of a dentry, as it lies there. */
struct link {
	struct dentry *parent;
	__u64 hash_len;
	const void *name;
	struct inode *inode;
	__u64 words[SHORT_WORDS]; /* a short name */
};

/* State of the path after n components; a stack, so that ".." can take one back. */
struct level {
	__u64 hash;  /* of the path so far */
	__u64 below; /* tenants approved by the directories strictly above */
	struct component last;
	__u32 end; /* offset in record[] after the last component */
	__u32 reserved;
};

/* Room for both paths, the text and the names that were used behind the fixed part, and for one more name written before a check. */
#define RECORD_BYTES_MAX                                                              \
	(sizeof(struct file_record) + 2 * (PATH_BYTES_MAX + 1) + TEXT_BYTES_MAX + 1 + \
	 2 * (USED_BYTES_MAX + 1))
#define RECORD_SLACK 512

/* Of the path that is being built, beside APPROVER_DESTINATION; no approver is of these kinds. */
#define KIND_TEXT 16
#define KIND_USED 32 /* the name that was used, in the record of another name */

#define PLURAL_UNKNOWN 0
#define PLURAL_NO      1
#define PLURAL_YES     2

/* What struct scratch.text points to. */
#define TEXT_NONE    0
#define TEXT_USER    1 /* a string of the task */
#define TEXT_KERNEL  2 /* a string of the kernel */
#define TEXT_DENTRY  3 /* a dentry whose path in its file system is the text */
#define TEXT_UNKNOWN 4

/* Which directory, when, for whom. */
struct identity {
	__u64 dentry;
	__u64 parent;
	__u64 name_hash_len;
	__u64 inode;
	__u64 number;
	__u64 mnt;
	__u64 ns; /* of the task: whether a path is whole depends on it */
	__u32 inode_generation;
	__u32 generation;
	__u32 renames; /* counters of the kernel */
	__u32 mounts;
};

/* A path of an event as objects of the kernel: a dentry on a mount, and a name below it where that is a directory. */
struct object {
	__u64 mnt;    /* struct vfsmount * */
	__u64 dentry; /* struct dentry *; 0: not known */
	__u64 name;   /* address in kernel memory; 0: none */
	__u32 name_len;
	__u32 reserved;
};

#define PLACES_MAX  8  /* mounts of a file system in a namespace that are told apart */
#define ALIASES_MAX 32 /* other names of an inode; a power of two */
#define NAMES_MAX   32 /* names by which one event is judged, the one that was used included */

/* Mounts of a file system in a namespace; see places.h. */
struct found {
	__u64 sb;
	__u64 ns;
	__u64 event;
	__u32 ns_number;
	__u32 count;
	__u32 unread;
	__u32 reserved;
	__u64 mounts[PLACES_MAX]; /* struct mount * */
};

/* A system call; see tracepoint/call.h. */
struct call {
	__u64 arg[8]; /* ARGUMENTS of them; 0 beyond, and at 0: they count from 1 */
	__s64 result;
	__u32 nr;
	__u32 compat; /* its structures are those of 32-bit programs */
};

/* An event as the arguments of a call tell it; see tracepoint/operation.h. */
struct operation {
	__u32 type;
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__s32 fd;
	__u64 name; /* string; 0: the descriptor itself */
	__s32 dest_fd;
	__u32 follows;
	__u64 dest_name; /* string; 0: none */
	__u64 text;	 /* string; 0: none */
	__u32 mounts;	 /* the newest mount, if it is at this place */
	__u32 describes; /* the file of the descriptor is as it was before the call */
	__u32 text_kind;
	__s32 result;
	__u32 created;
	__u32 unknown; /* which file it is about */
	__u32 in_root; /* the directory of the descriptor is the root of the name */
	__u64 request; /* struct io_kiocb *, whose outcome is to come; 0: the result is it */
	__u32 kernel_strings;
	__u32 symbolic; /* the name is what a symbolic link says, which is at the destination */
};

/* The messages of a call that received some, gone through step by step; see tracepoint/received.h. */
struct control {
	__u64 message; /* struct msghdr of the task, the next one */
	__u32 messages;
	__u32 steps; /* left for the message */
	__u64 at;
	__u64 end;
	__u64 next; /* header */
	__u32 descriptors;
	__u32 compat;
	__s32 taken; /* the descriptor that came without a message; negative: none */
	__u32 reserved;
};

struct scratch {
	__u32 busy;
	__u32 number; /* of the slot */
	/* The event being judged. */
	__u32 type;
	__u32 flags;
	__u32 slot;		/* active generation */
	__u32 kind;		/* of the path being built: 0, APPROVER_DESTINATION or KIND_TEXT */
	__u64 subject_dentry;	/* struct dentry * that the record describes; 0: not known */
	__u64 subject_mnt;	/* struct vfsmount * it is reached through */
	__u64 text;		/* third text of the record */
	volatile __u64 pointer; /* see as_number() */
	__u64 time_ns;		/* of the event, once one of its records was made */
	struct object objects[2]; /* of its paths, where they are objects */
	__u32 two_paths;
	/* Its other names. */
	struct found found;
	struct {
		__u64 at;
		__u64 head;
	} list;				  /* of the kernel's, that is gone through */
	__u64 mounts[2 * PLACES_MAX + 1]; /* struct mount *, the one that was used first */
	__u64 aliases[ALIASES_MAX];
	__u64 names[NAMES_MAX]; /* hashes of those that were judged */
	__u32 mounts_count;
	__u32 aliases_count;
	__u32 names_count;
	__u32 mount_at;		    /* the pair that is next */
	__u32 alias_at;		    /* 0: the name that was used */
	__u32 left_out;		    /* some, as there were too many */
	__u32 plural;		    /* whether the file system has other mounts: see PLURAL_* */
	struct operation operation; /* by tracepoints: what it is made of */
	struct call call;	    /* and what that is made of */
	struct control control;
	__u32 text_kind;
	__u64 request; /* the event waits for the outcome of this struct io_kiocb *; 0: it does not */
	__u32 kernel_strings; /* names are strings of the kernel, not of the task */
	__u32 reserved;
	struct identity identity; /* of the file's directory */
	__u32 has_identity;	  /* and that may be cached */
	__u32 loud; /* some directory of the path approves the type, if the flags fit */
	/* The path being built: it starts at `start` in record[]. */
	__u32 start;
	__u32 depth; /* index of the top in levels[] */
	__u32 truncated;
	__u32 by_object; /* of kernel objects alone, no name that a task gave */
	__u32 bytes_max;
	/* Of the climb; here, as the verifier would follow a counter in a register through all turns of the loop. */
	__u64 mnt; /* struct mount *; 0: the path in the file system, whose mounts do not count */
	__u64 mnt_root; /* struct dentry * */
	__u64 at;	/* struct dentry *: where the climb is */
	__u32 climbed;	/* components in climb[] */
	__u32 arrived;	/* at the root of a known tree */
	__u32 outside;	/* at the root of the file system, and not of the mount */
	/* Of the string that is being appended. */
	__u32 from;
	__u32 floor; /* ".." does not lead above it */
	/* Of the hash that is being computed: where it is in record[], and how many bytes are left. */
	__u32 hash_at;
	__u32 hash_left;
	struct siphash hash;
	struct level levels[PATH_DEPTH_MAX + 1];
	struct component climb[PATH_DEPTH_MAX];
	struct link link;
	__u8 name[NAME_BYTES_MAX + 9]; /* a long one, to be hashed */
	/* A string of PATH_BYTES_MAX, behind a directory that it may be relative to: names are read as whole words. */
	char user[DIRECTORY_BYTES_MAX + PATH_BYTES_MAX + 1 + 8];
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

		if (s && hold(&s->busy)) {
			s->number = i;
			return s;
		}
	}
	return NULL;
}

/*
 * name(s, count) calls `bool step(struct scratch *s, __u32 i)` up to `count` times, until it returns true. What a step
 * leaves for the next one is in the scratch.
 */
#ifdef WEIR_LEGACY
/* In rounds, as the verifier keeps every way out of a loop until it has seen the last turn. */
#define ROUND 64
#define REPEATED(name, step)                                                      \
	__noinline int name##_step(__u32 number, __u32 i)                         \
	{                                                                         \
		struct scratch *s = bpf_map_lookup_elem(&scratches, &number);     \
		barrier_var(i); /* used, so that callers pass it */               \
		return !s || step(s, i);                                          \
	}                                                                         \
	__noinline int name##_round(__u32 number, __u32 first, __u32 count)       \
	{                                                                         \
		for (__u32 i = 0; i < ROUND; i++)                                 \
			if (first + i >= count || name##_step(number, first + i)) \
				return 1;                                         \
		return 0;                                                         \
	}                                                                         \
	static __always_inline void name(struct scratch *s, __u32 count)          \
	{                                                                         \
		__u32 number = s->number;                                         \
		for (__u32 i = 0; i < count; i += ROUND)                          \
			if (name##_round(number, i, count))                       \
				break;                                            \
	}
#else
#define REPEATED(name, step)                                             \
	static long name##_step(__u32 i, struct scratch **s)             \
	{                                                                \
		return step(*s, i);                                      \
	}                                                                \
	static __always_inline void name(struct scratch *s, __u32 count) \
	{                                                                \
		struct scratch *ctx = s;                                 \
		bpf_loop(count, name##_step, &ctx, 0);                   \
	}
#endif

/*
 * A pointer as a number: global functions take no pointers of which the verifier knows the type, and it forgets it
 * over memory.
 */
static __always_inline __u64 as_number(struct scratch *s, const void *pointer)
{
	s->pointer = (__u64)pointer;
	return s->pointer;
}

static __always_inline void scratch_release(struct scratch *s)
{
	release(&s->busy);
}
