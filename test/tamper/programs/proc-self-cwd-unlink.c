// SPDX-License-Identifier: Apache-2.0
/* Removes by /proc/self/cwd. */
#include "tamper.h"

void act(void)
{
	must(unlink("/proc/self/cwd/watched/file"));
}
