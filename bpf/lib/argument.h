/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Paths from what a task gave to a system call: descriptors and strings. A string is resolved relative to real
 * objects, but lexically: a symbolic link on the way is not followed. Only those of /proc/self are that lead to what the
 * task holds.
 */
#pragma once

#include "names.h"

#define AT_FDCWD -100

#define O_WRONLY 01
#define O_CREAT	 0100
#define O_EXCL	 0200
#define O_TRUNC	 01000
#if defined(__TARGET_ARCH_arm64)
#define O_NOFOLLOW 0100000
#else
#define O_NOFOLLOW 0400000
#endif

/* A string that the call was given. Returns its size with the NUL. */
static __always_inline long read_string(struct scratch *s, char *to, __u64 string)
{
#ifndef WEIR_LEGACY
	if (s->kernel_strings)
		return bpf_probe_read_kernel_str(to, PATH_BYTES_MAX + 1, (void *)string);
#endif
	return bpf_probe_read_user_str(to, PATH_BYTES_MAX + 1, (void *)string);
}

static __always_inline struct file *file_of(struct task_struct *task, int fd)
{
	struct fdtable *table = KNOWN(task, files, fdt);

	if ((__u32)fd >= KNOWN(table, max_fds))
		return NULL;
	return read_pointer(KNOWN(table, fd) + fd);
}

/* Appends the object of a descriptor, or the working directory, and keeps it in `path`. */
static __always_inline int push_descriptor(struct scratch *s, int fd, struct path *path)
{
	if (fd == AT_FDCWD) {
		struct task_struct *task = current_task();

		path->mnt = KNOWN(task, fs, pwd.mnt);
		path->dentry = KNOWN(task, fs, pwd.dentry);
	} else {
		struct file *file = file_of(current_task(), fd);

		if (!file)
			return -1;
		*path = path_of(file);
	}
	return push_path(s, path);
}

/*
 * Links of /proc/self to what the task holds, which lead to real objects: fd/N, cwd and root. The string in user[] goes
 * on at `end`.
 */
enum held {
	HELD_NONE,
	HELD_DESCRIPTOR,
	HELD_DIRECTORY,
	HELD_ROOT
};

struct link_held {
	enum held held;
	int fd;
	__u32 end;
};

#define WORD(a, b, c, d, e, f, g, h)                                                             \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* Length of /proc/self/ or /proc/thread-self/ at the beginning of user[]; 0: it begins otherwise. */
static __always_inline __u32 proc_self_bytes(struct scratch *s)
{
	const __u64 *words = (void *)s->user;

	if (words[0] == WORD('/', 'p', 'r', 'o', 'c', '/', 's', 'e') &&
	    words[1] << 40 == WORD(0, 0, 0, 0, 0, 'l', 'f', '/'))
		return 11;
	if (words[0] == WORD('/', 'p', 'r', 'o', 'c', '/', 't', 'h') &&
	    words[1] == WORD('r', 'e', 'a', 'd', '-', 's', 'e', 'l') &&
	    words[2] << 48 == WORD(0, 0, 0, 0, 0, 0, 'f', '/'))
		return 18;
	return 0;
}

#define DIGITS_MAX 8

static __always_inline struct link_held link_held(struct scratch *s)
{
	struct link_held link = { .held = HELD_NONE };
	__u32 at = proc_self_bytes(s);
	const char *name = &s->user[at];

	if (!at)
		return link;
	if (name[0] == 'c' && name[1] == 'w' && name[2] == 'd') {
		link.held = HELD_DIRECTORY;
		link.end = at + 3;
	} else if (name[0] == 'r' && name[1] == 'o' && name[2] == 'o' && name[3] == 't') {
		link.held = HELD_ROOT;
		link.end = at + 4;
	} else if (name[0] == 'f' && name[1] == 'd' && name[2] == '/') {
		link.end = at + 3;
		for (int i = 0; i < DIGITS_MAX; i++) {
			char c = name[3 + i];

			if (c < '0' || c > '9')
				break;
			link.held = HELD_DESCRIPTOR;
			link.fd = link.fd * 10 + (c - '0');
			link.end++;
		}
	}
	return link;
}

static __always_inline void push_root(struct scratch *s)
{
	struct task_struct *task = current_task();
	struct path root;

	root.mnt = KNOWN(task, fs, root.mnt);
	root.dentry = KNOWN(task, fs, root.dentry);
	push_path(s, &root);
}

/*
 * Appends the path that the string in user[] gives, relative to `fd`; an empty one is the descriptor itself
 * (AT_EMPTY_PATH). `follows`: a symbolic link at its end is followed.
 */
GLOBAL int push_string(struct scratch *s, int fd, int follows)
{
	struct link_held link;
	struct path base;
	__u32 from = 0;

	if (!s)
		return -1;
	link = link_held(s);
	/* Over memory, so that the verifier does not follow each value that it may have. */
	*(volatile __u32 *)&s->from = link.end;
	link.end = *(volatile __u32 *)&s->from;
	if (link.held != HELD_NONE) {
		char next = s->user[link.end & 63];

		/* One that is not followed is itself the file. */
		if (next == '/' || (next == 0 && follows))
			from = link.end;
	}
	if (from && link.held == HELD_DESCRIPTOR)
		fd = link.fd;
	else if (from)
		fd = AT_FDCWD;
	if (from ? link.held == HELD_ROOT : s->user[0] == '/') {
		push_root(s);
		return path_push_string(s, from, s->depth);
	}
	if (push_descriptor(s, fd, &base) < 0)
		return -1;
	return path_push_string(s, from, 0);
}

static __always_inline int push_argument(struct scratch *s, int fd, __u64 string, int follows)
{
	if (read_string(s, s->user, string) < 0)
		return -1;
	return push_string(s, fd, follows);
}

/* Appends the path that the string in user[] gives where the directory of `fd` is the root (RESOLVE_IN_ROOT). */
static __always_inline int push_string_below(struct scratch *s, int fd)
{
	struct path base;

	if (push_descriptor(s, fd, &base) < 0)
		return -1;
	return path_push_string(s, 0, s->depth);
}

static __always_inline int push_below(struct scratch *s, int fd, __u64 string)
{
	if (read_string(s, s->user, string) < 0)
		return -1;
	return push_string_below(s, fd);
}

/* Finds where the string in user[] goes on behind its last slash, step by step. */
static __always_inline bool slash_step(struct scratch *s, __u32 i)
{
	char c = s->user[i & PATH_BYTES_MAX];

	if (c == '/')
		s->from = i + 1;
	return c == 0;
}

REPEATED(find_slash, slash_step)

/*
 * Appends the path that a symbolic link leads to: of what it says, relative to the directory that it lies in. `fd`,
 * `link`: its own name.
 */
GLOBAL int push_link_target(struct scratch *s, int fd, __u64 link, __u64 target)
{
	__u32 at;
	long bytes;
	char first = 0;

	if (!s)
		return -1;
	if (s->kernel_strings)
		bpf_probe_read_kernel(&first, 1, (void *)target);
	else
		bpf_probe_read_user(&first, 1, (void *)target);
	s->from = 0;
	if (first != '/') {
		if (read_string(s, s->user, link) < 0)
			return -1;
		find_slash(s, PATH_BYTES_MAX + 1);
	}
	at = s->from;
	if (at > DIRECTORY_BYTES_MAX) {
		s->truncated = 1;
		return 0;
	}
	bytes = read_string(s, &s->user[at], target);
	if (bytes < 0)
		return -1;
	if (at + bytes > PATH_BYTES_MAX + 1) {
		s->truncated = 1;
		return 0;
	}
	return push_string(s, fd, 0);
}
