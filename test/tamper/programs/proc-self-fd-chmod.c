// SPDX-License-Identifier: Apache-2.0
/* Changes the mode of a descriptor without access, by /proc. */
#include "tamper.h"

void act(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", (int)must(open("watched/file", O_PATH)));
	must(chmod(name, 0600));
}
