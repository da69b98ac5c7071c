// SPDX-License-Identifier: Apache-2.0
/* Writes by a descriptor taken from another process by pidfd_getfd(2). */
#include "tamper.h"

void act(void)
{
	int ends[2], fd = -1, pidfd;
	pid_t child;

	must(pipe(ends));
	child = must(fork());
	if (child == 0) {
		fd = must(open("watched/file", O_WRONLY));
		must(write(ends[1], &fd, sizeof(fd)));
		pause();
	}
	must(read(ends[0], &fd, sizeof(fd)));
	pidfd = need(syscall(NR_PIDFD_OPEN, child, 0));
	write_text(need(syscall(NR_PIDFD_GETFD, pidfd, fd, 0)));
	kill(child, SIGKILL);
}
