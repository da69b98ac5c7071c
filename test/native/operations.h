// SPDX-License-Identifier: Apache-2.0
/* The operations of the workload, each a system call or little more; test/fuzz/kernel/plan.ts says what they take. */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define WORDS_MAX 10
#define SLOTS	  16
#define LANES_MAX 32
#define LINE_MAX_BYTES (1 << 16)

struct op {
	const char *name;
	int words;
	const char *text[WORDS_MAX];
	long number[WORDS_MAX];
	int end; /* of a bracket: index of its `end` */
};

struct lane {
	int number, first, last;
	int is_thread;
	int fds[SLOTS];
	pthread_t thread;
};

struct shared {
	sem_t go[LANES_MAX];
	atomic_long done, failed;
};

static struct op *ops;
static int op_count;
static struct lane lanes[LANES_MAX];
static int lane_count;
static struct shared *shared;
static const char *folder;
static bool in_child, has_root;

static void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Directory descriptor of a word: a slot, or the working directory. */
static int at(struct lane *lane, long slot)
{
	return slot < 0 ? AT_FDCWD : lane->fds[slot % SLOTS];
}

static int keep(struct lane *lane, long slot, int fd)
{
	if (fd < 0)
		return fd;
	if (slot < 0)
		return close(fd);
	if (lane->fds[slot % SLOTS] >= 0)
		close(lane->fds[slot % SLOTS]);
	lane->fds[slot % SLOTS] = fd;
	return fd;
}

static long drop(struct lane *lane, long slot)
{
	int fd = lane->fds[slot % SLOTS];

	lane->fds[slot % SLOTS] = -1;
	return fd < 0 ? 0 : close(fd);
}

static long settle(struct lane *lane, struct op *op)
{
	char line[32];
	int length = snprintf(line, sizeof(line), "w %d %ld\n", lane->number, op->number[0]);

	if (write(STDOUT_FILENO, line, length) != length)
		_exit(3);
	while (sem_wait(&shared->go[lane->number]) != 0)
		;
	return 0;
}

static long do_openat2(struct lane *lane, struct op *op)
{
	struct open_how how = { .flags = op->number[2], .mode = op->number[3], .resolve = op->number[4] };

	return keep(lane, -1, syscall(SYS_openat2, at(lane, op->number[0]), op->text[1], &how, sizeof(how)));
}

static long do_chmod(struct lane *lane, struct op *op)
{
	switch (op->number[3]) {
	case 0:
		return chmod(op->text[1], op->number[2]);
	case 1:
		return fchmodat(at(lane, op->number[0]), op->text[1], op->number[2], 0);
	default:
		return syscall(SYS_fchmodat2, at(lane, op->number[0]), op->text[1], op->number[2], 0);
	}
}

static long do_rename(struct lane *lane, struct op *op)
{
	if (op->number[4] == 0 && op->number[0] < 0 && op->number[2] < 0)
		return rename(op->text[1], op->text[3]);
	return syscall(SYS_renameat2, at(lane, op->number[0]), op->text[1], at(lane, op->number[2]), op->text[3],
		       op->number[4]);
}

/* A new file without a name gets one: by its descriptor, or by its name in /proc. */
static long do_linkfd(struct lane *lane, struct op *op)
{
	int fd = lane->fds[op->number[0] % SLOTS];
	char name[64];

	if (op->number[3] == 0)
		return linkat(fd, "", at(lane, op->number[1]), op->text[2], AT_EMPTY_PATH);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, name, at(lane, op->number[1]), op->text[2], AT_SYMLINK_FOLLOW);
}

static long do_splice(struct lane *lane, struct op *op)
{
	int pipes[2];
	long done;

	if (pipe(pipes) < 0)
		return -1;
	if (op->number[1]) {
		done = splice(lane->fds[op->number[0] % SLOTS], NULL, pipes[1], NULL, 16, 0);
	} else {
		done = write(pipes[1], "text", 4);
		done = splice(pipes[0], NULL, lane->fds[op->number[0] % SLOTS], NULL, 4, 0);
	}
	close(pipes[0]);
	close(pipes[1]);
	return done;
}

static long do_mount(struct op *op, const char *name)
{
	if (strcmp(name, "tmpfs") == 0)
		return mount("none", op->text[0], "tmpfs", 0, "size=16m");
	if (strcmp(name, "bind") == 0)
		return mount(op->text[0], op->text[1], NULL, MS_BIND | (op->number[2] ? MS_REC : 0), NULL);
	if (strcmp(name, "move") == 0)
		return mount(op->text[0], op->text[1], NULL, MS_MOVE, NULL);
	if (strcmp(name, "overlay") == 0)
		return mount("none", op->text[0], "overlay", 0, op->text[1]);
	if (strcmp(name, "umount") == 0)
		return umount2(op->text[0], op->number[1]);
	if (strcmp(name, "shared") == 0)
		return mount(NULL, op->text[0], NULL, MS_SHARED, NULL);
	/* movetree: open_tree(2) with OPEN_TREE_CLONE, move_mount(2) with MOVE_MOUNT_F_EMPTY_PATH. */
	int fd = syscall(SYS_open_tree, AT_FDCWD, op->text[0], 1 | O_CLOEXEC), result;

	if (fd < 0)
		return fd;
	result = syscall(SYS_move_mount, fd, "", AT_FDCWD, op->text[1], 4);
	close(fd);
	return result;
}

/* A working directory above the folder of the run is none to work in. */
static long change_directory(const char *path)
{
	char now[PATH_MAX];

	if (chdir(path) < 0)
		return -1;
	if (has_root || path[0] == '/' || !getcwd(now, sizeof(now)))
		return 0;
	return strncmp(now, folder, strlen(folder)) == 0 ? 0 : chdir(folder);
}

static long change_root(const char *path)
{
	/* What would follow is meant for another root. */
	if (!in_child || chroot(path) < 0)
		_exit(0);
	has_root = true;
	return 0;
}

/* Makes and enters directories, each in the one before; the working directory is the last. */
static long do_descend(struct op *op)
{
	for (long i = 0; i < op->number[0]; i++) {
		mkdir(op->text[1], 0755);
		if (chdir(op->text[1]) < 0)
			return -1;
	}
	return 0;
}

static long do_ascend(struct op *op)
{
	for (long i = 0; i < op->number[0]; i++)
		if (change_directory("..") < 0)
			return -1;
	return 0;
}

static long do_identity(struct op *op, const char *name)
{
	uid_t uid = op->number[0];

	if (strcmp(name, "fsuid") == 0)
		return setfsuid(uid), 0;
	/* Of this thread alone, and the way back stays open. */
	return syscall(SYS_setresgid, op->number[1], op->number[1], -1) | syscall(SYS_setresuid, uid, uid, -1);
}

static long do_attribute(struct lane *lane, struct op *op, const char *name)
{
	if (strcmp(name, "setxattr") == 0)
		return op->number[2] ? lsetxattr(op->text[0], op->text[1], "v", 1, 0)
				     : setxattr(op->text[0], op->text[1], "v", 1, 0);
	if (strcmp(name, "removexattr") == 0)
		return removexattr(op->text[0], op->text[1]);
	if (strcmp(name, "fsetxattr") == 0)
		return fsetxattr(lane->fds[op->number[0] % SLOTS], op->text[1], "v", 1, 0);
	if (strcmp(name, "utimes") == 0)
		return utimensat(at(lane, op->number[0]), op->text[1], NULL, op->number[2]);
	if (strcmp(name, "chown") == 0)
		return fchownat(at(lane, op->number[0]), op->text[1], op->number[2], op->number[3], op->number[4]);
	if (strcmp(name, "fchown") == 0)
		return fchown(lane->fds[op->number[0] % SLOTS], op->number[1], op->number[2]);
	return fchmod(lane->fds[op->number[0] % SLOTS], op->number[1]);
}

#define IS(word) (strcmp(name, word) == 0)

static long execute(struct lane *lane, struct op *op)
{
	const char *name = op->name;

	if (IS("open"))
		return keep(lane, op->number[0], openat(at(lane, op->number[1]), op->text[2], op->number[3], op->number[4]));
	if (IS("openat2"))
		return do_openat2(lane, op);
	if (IS("close"))
		return drop(lane, op->number[0]);
	if (IS("write"))
		return write(lane->fds[op->number[0] % SLOTS], "text", 4);
	if (IS("unlink"))
		return unlinkat(at(lane, op->number[0]), op->text[1], op->number[2]);
	if (IS("rename"))
		return do_rename(lane, op);
	if (IS("link"))
		return linkat(at(lane, op->number[0]), op->text[1], at(lane, op->number[2]), op->text[3], op->number[4]);
	if (IS("linkfd"))
		return do_linkfd(lane, op);
	if (IS("symlink"))
		return symlink(op->text[0], op->text[1]);
	if (IS("mkdir"))
		return mkdirat(at(lane, op->number[0]), op->text[1], op->number[2]);
	if (IS("mknod"))
		return mknod(op->text[0], S_IFREG | 0644, 0);
	if (IS("truncate"))
		return truncate(op->text[0], 1);
	if (IS("chmod"))
		return do_chmod(lane, op);
	if (IS("fchmod") || IS("chown") || IS("fchown") || IS("utimes") || IS("setxattr") || IS("fsetxattr") ||
	    IS("removexattr"))
		return do_attribute(lane, op, name);
	if (IS("tmpfs") || IS("bind") || IS("move") || IS("overlay") || IS("umount") || IS("shared") ||
	    IS("movetree"))
		return do_mount(op, name);
	if (IS("splice"))
		return do_splice(lane, op);
	if (IS("chdir"))
		return change_directory(op->text[0]);
	if (IS("fchdir"))
		return fchdir(lane->fds[op->number[0] % SLOTS]);
	if (IS("descend"))
		return do_descend(op);
	if (IS("ascend"))
		return do_ascend(op);
	if (IS("chroot"))
		return change_root(op->text[0]);
	if (IS("unshare"))
		return unshare(CLONE_NEWNS) | mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (IS("identity") || IS("fsuid"))
		return do_identity(op, name);
	if (IS("yield"))
		return sched_yield();
	if (IS("sleep"))
		return usleep(op->number[0]);
	if (IS("settle"))
		return settle(lane, op);
	errno = ENOSYS;
	die(name);
	return -1;
}
