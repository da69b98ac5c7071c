/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Paths from what a task gave to a system call: descriptors and strings. A string is resolved relative to real
 * objects, but lexically: a symbolic link on the way is not followed. Only /proc/self/fd/N is, where the call
 * follows a link at the end: the usual way to name an open file.
 */
#pragma once

#include "names.h"

#define AT_FDCWD	   -100
#define PROC_SELF_FD	   "/proc/self/fd/"
#define PROC_SELF_FD_BYTES 14

static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = current_task();
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
		struct file *file = file_of(fd);

		if (!file)
			return -1;
		*path = path_of(file);
	}
	return push_path(s, path);
}

/* The descriptor that the string in user[] names as /proc/self/fd/N; -1: none. */
static __always_inline int named_descriptor(struct scratch *s)
{
	int fd = 0;

	for (int i = 0; i < PROC_SELF_FD_BYTES; i++)
		if (s->user[i] != PROC_SELF_FD[i])
			return -1;
	for (int i = PROC_SELF_FD_BYTES; i < PROC_SELF_FD_BYTES + 8; i++) {
		char c = s->user[i];

		if (c == 0)
			return i == PROC_SELF_FD_BYTES ? -1 : fd;
		if (c < '0' || c > '9')
			return -1;
		fd = fd * 10 + (c - '0');
	}
	return -1;
}

/*
 * Appends the path that the string in user[] gives, relative to `fd`; an empty one is the descriptor itself
 * (AT_EMPTY_PATH). `follows`: a symbolic link at its end is followed.
 */
GLOBAL int push_string(struct scratch *s, int fd, int follows)
{
	struct task_struct *task = current_task();
	struct path base;
	int named;

	if (!s)
		return -1;
	named = follows ? named_descriptor(s) : -1;
	if (named >= 0)
		return push_descriptor(s, named, &base);
	if (s->user[0] == '/') {
		base.mnt = KNOWN(task, fs, root.mnt);
		base.dentry = KNOWN(task, fs, root.dentry);
		push_path(s, &base);
	} else if (push_descriptor(s, fd, &base) < 0) {
		return -1;
	}
	return path_push_string(s);
}

static __always_inline int push_argument(struct scratch *s, int fd, __u64 string, int follows)
{
	if (bpf_probe_read_user_str(s->user, sizeof(s->user), (void *)string) < 0)
		return -1;
	return push_string(s, fd, follows);
}
