// SPDX-License-Identifier: Apache-2.0
/* Opens a descriptor without access once more, for writing. */
#include "tamper.h"

void act(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", (int)must(open("watched/file", O_PATH)));
	overwrite(name);
}
