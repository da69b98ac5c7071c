// SPDX-License-Identifier: Apache-2.0
/* Writes by the root of another process, in another mount namespace. */
#include "holder.h"

void act(void)
{
	char path[PATH_MAX + 64];
	pid_t holder = start_holder();

	snprintf(path, sizeof(path), "/proc/%d/root%s/watched/file", holder,
		 getcwd((char[PATH_MAX]){}, PATH_MAX));
	overwrite(path);
	kill(holder, SIGKILL);
}
