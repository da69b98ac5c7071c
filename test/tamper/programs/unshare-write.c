// SPDX-License-Identifier: Apache-2.0
/* Writes from a mount namespace of its own. */
#include "tamper.h"

void act(void)
{
	leave_mounts();
	overwrite("watched/file");
}
