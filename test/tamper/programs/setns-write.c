// SPDX-License-Identifier: Apache-2.0
/* Joins another process's mount namespace and writes there. */
#include "holder.h"

void act(void)
{
	char path[PATH_MAX + 16], name[64];
	pid_t holder = start_holder();

	snprintf(path, sizeof(path), "%s/watched/file", getcwd((char[PATH_MAX]){}, PATH_MAX));
	snprintf(name, sizeof(name), "/proc/%d/ns/mnt", holder);
	must(setns(must(open(name, O_RDONLY)), CLONE_NEWNS));
	overwrite(path);
	kill(holder, SIGKILL);
}
