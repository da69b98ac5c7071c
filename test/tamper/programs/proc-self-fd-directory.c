// SPDX-License-Identifier: Apache-2.0
/* Removes by /proc and the descriptor of the directory. */
#include "tamper.h"

void act(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d/file", (int)must(open("watched", O_PATH)));
	must(unlink(name));
}
