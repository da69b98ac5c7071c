/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load of `bench -- kernel`: reads lines "COUNT FLAGS PATH" and opens and closes the file that often, or, without
 * a path, makes another system call; a file that is missing is not opened. Answers each line with the nanoseconds that
 * all of it took, elapsed and on the processor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void)
{
	char line[8192];

	while (fgets(line, sizeof(line), stdin)) {
		char path[4200] = "";
		long count = 0;
		int flags = 0;
		long long start, start_processor;

		sscanf(line, "%ld %i %4199s", &count, &flags, path);
		start = now_ns(CLOCK_MONOTONIC);
		start_processor = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		for (long i = 0; i < count; i++) {
			int fd;

			if (!path[0]) {
				syscall(SYS_getppid);
				continue;
			}
			fd = open(path, flags, 0600);
			if (fd >= 0) {
				close(fd);
			} else if (errno != ENOENT) {
				perror(path);
				return 1;
			}
		}
		printf("%lld %lld\n", now_ns(CLOCK_MONOTONIC) - start,
		       now_ns(CLOCK_PROCESS_CPUTIME_ID) - start_processor);
		fflush(stdout);
	}
	return 0;
}
