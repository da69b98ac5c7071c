// SPDX-License-Identifier: Apache-2.0
/*
 * Renames a file so that one of its names can't be read any more when the call is over: the kernel has copied it and
 * waits for the page that the other name lies in, when the first one's page goes.
 *
 *     unreadable FROM TO
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 4096

/* The old name and the new one; which of them the kernel reads first is up to its compiler. */
static char *names[2];
/* What they are to be; pages of their own, made before any goes, whose place they might take. */
static char *contents[2];
static int faults;

static void die(const char *what)
{
	fprintf(stderr, "unreadable: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *page(void)
{
	char *address = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (address == MAP_FAILED)
		die("mmap");
	return address;
}

/* Returns which name the kernel waits for. */
static int next_asked(void)
{
	struct uffd_msg message;

	if (read(faults, &message, sizeof(message)) != sizeof(message))
		die("read");
	return message.arg.pagefault.address >= (unsigned long)names[1] &&
	       message.arg.pagefault.address < (unsigned long)names[1] + PAGE_BYTES;
}

static void provide(int name)
{
	struct uffdio_copy copy = {
		.dst = (unsigned long)names[name],
		.src = (unsigned long)contents[name],
		.len = PAGE_BYTES,
	};

	if (ioctl(faults, UFFDIO_COPY, &copy) < 0)
		die("UFFDIO_COPY");
}

static void *answer(void *unused)
{
	int first = next_asked();

	provide(first);
	if (next_asked() == first)
		die("asked twice");
	if (munmap(names[first], PAGE_BYTES) < 0)
		die("munmap");
	provide(!first);
	return unused;
}

static void watch(char *name)
{
	struct uffdio_register range = {
		.range = { .start = (unsigned long)name, .len = PAGE_BYTES },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(faults, UFFDIO_REGISTER, &range) < 0)
		die("UFFDIO_REGISTER");
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	pthread_t thread;

	if (argc != 3)
		return 2;
	faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0)
		die("userfaultfd");
	for (int i = 0; i < 2; i++) {
		contents[i] = page();
		strncpy(contents[i], argv[i + 1], PAGE_BYTES - 1);
		watch(names[i] = page());
	}
	pthread_create(&thread, NULL, answer, NULL);
	if (syscall(SYS_rename, names[0], names[1]) < 0)
		die("rename");
	pthread_join(thread, NULL);
	return 0;
}
