// SPDX-License-Identifier: Apache-2.0
/*
 * What the programs of the corpus share. Each defines act(), one way to tamper with what is watched, and may define
 * prepare(), for what comes before anything is watched. All mounts below its folder go after it, whoever made them.
 *
 *     PROGRAM prepare|act
 *
 * The working directory is a folder of its own on a file system of memory, in which prepare makes `watched/file` and
 * `other/file`; what lies below `watched` is watched. A program that acts in another process than the one it was
 * started as writes `actor PID` to standard output.
 *
 * Exit status: 0 done, 77 this kernel or machine can't (the reason is on standard error), else it failed.
 */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Of calls younger than the C library may be; the same on every architecture. */
#define NR_OPEN_TREE	   428
#define NR_MOVE_MOUNT	   429
#define NR_FSOPEN	   430
#define NR_FSCONFIG	   431
#define NR_FSMOUNT	   432
#define NR_OPENAT2	   437
#define NR_PIDFD_OPEN	   434
#define NR_PIDFD_GETFD	   438
#define NR_FCHMODAT2	   452
#define NR_SETXATTRAT	   463
#define NR_REMOVEXATTRAT   466
#define NR_FILE_SETATTR	   469
#define MOVE_FROM_EMPTY	   4 /* MOVE_MOUNT_F_EMPTY_PATH */
#define TREE_CLONE	   1 /* OPEN_TREE_CLONE */
#define CONFIG_CREATE	   6 /* FSCONFIG_CMD_CREATE */
#define NOBODY		   65534
#define STATUS_UNSUPPORTED 77

void prepare(void) __attribute__((weak));
void act(void);

static __attribute__((noreturn, unused)) void unsupported(const char *why)
{
	fprintf(stderr, "%s: %s", why, strerror(errno));
	exit(STATUS_UNSUPPORTED);
}

static __attribute__((unused)) long check(long result, const char *call, int line, int may_lack)
{
	if (result >= 0)
		return result;
	if (may_lack &&
	    (errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOTTY || errno == EINVAL))
		unsupported(call);
	fprintf(stderr, "line %d: %s: %s", line, call, strerror(errno));
	exit(1);
}

/* What every kernel does. */
#define must(call) check((long)(call), #call, __LINE__, 0)
/* What some kernels or file systems don't know. */
#define need(call) check((long)(call), #call, __LINE__, 1)

/* What has to fail, and how. */
static __attribute__((unused)) void refused(long result, int error)
{
	if (result >= 0 || errno != error) {
		fprintf(stderr, "expected %s, not %s", strerror(error),
			result >= 0 ? "success" : strerror(errno));
		exit(1);
	}
}

static __attribute__((unused)) void write_text(int fd)
{
	must(write(fd, "text\n", 5));
}

static __attribute__((unused)) void make_file(const char *path)
{
	int fd = must(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));

	write_text(fd);
	close(fd);
}

/* Opens for writing, writes, closes. */
static __attribute__((unused)) void overwrite(const char *path)
{
	int fd = must(open(path, O_WRONLY));

	write_text(fd);
	close(fd);
}

/* A mount namespace of its own, whose mounts no other one gets. */
static __attribute__((unused)) void leave_mounts(void)
{
	must(unshare(CLONE_NEWNS));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* Without privileges from here on. */
static __attribute__((unused)) void become_nobody(void)
{
	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
}

/* Says that this process acts. */
static __attribute__((unused)) void i_act(void)
{
	printf("actor %d\n", getpid());
	fflush(stdout);
}

static __attribute__((unused)) void await(pid_t child)
{
	int status;

	must(waitpid(child, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int main(int argc, char **argv)
{
	const char *phase = argc == 2 ? argv[1] : "";

	umask(022);
	if (strcmp(phase, "prepare") == 0) {
		must(mkdir("watched", 0777));
		must(mkdir("other", 0777));
		make_file("watched/file");
		make_file("other/file");
		if (prepare)
			prepare();
	} else if (strcmp(phase, "act") == 0) {
		act();
	} else {
		fprintf(stderr, "usage: %s prepare|act\n", argv[0]);
		return 2;
	}
	return 0;
}
