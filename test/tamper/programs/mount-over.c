// SPDX-License-Identifier: Apache-2.0
/* Mounts a file system over the watched directory. */
#include "tamper.h"

void act(void)
{
	must(mount("none", "watched", "tmpfs", 0, NULL));
}
