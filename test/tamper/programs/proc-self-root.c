// SPDX-License-Identifier: Apache-2.0
/* Writes by /proc/self/root. */
#include "tamper.h"

void act(void)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "/proc/self/root%s/watched/file",
		 getcwd((char[PATH_MAX]){}, PATH_MAX));
	overwrite(path);
}
