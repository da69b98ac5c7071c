// SPDX-License-Identifier: Apache-2.0
/* Removes the file and opens it once more by a descriptor that is left, for writing. */
#include "tamper.h"

void act(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", (int)must(open("watched/file", O_RDONLY)));
	must(unlink("watched/file"));
	overwrite(name);
}
