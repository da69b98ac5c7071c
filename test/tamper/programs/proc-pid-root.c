// SPDX-License-Identifier: Apache-2.0
/* Writes by the root of another process, in another mount namespace. */
#include "tamper.h"

static pid_t start_holder(void)
{
	int ends[2];
	char byte;
	pid_t child;

	must(pipe(ends));
	child = must(fork());
	if (child == 0) {
		leave_mounts();
		must(write(ends[1], "r", 1));
		pause();
	}
	must(read(ends[0], &byte, 1));
	return child;
}

void act(void)
{
	char path[PATH_MAX + 64];
	pid_t holder = start_holder();

	snprintf(path, sizeof(path), "/proc/%d/root%s/watched/file", holder,
		 getcwd((char[PATH_MAX]){}, PATH_MAX));
	overwrite(path);
	kill(holder, SIGKILL);
}
