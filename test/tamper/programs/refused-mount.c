// SPDX-License-Identifier: Apache-2.0
/* Tries to mount without the right to. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(mount("none", "watched", "tmpfs", 0, NULL), EPERM);
}
