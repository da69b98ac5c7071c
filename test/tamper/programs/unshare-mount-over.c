// SPDX-License-Identifier: Apache-2.0
/* Mounts over the watched directory in a mount namespace of its own. */
#include "tamper.h"

void act(void)
{
	leave_mounts();
	must(mount("none", "watched", "tmpfs", 0, NULL));
}
