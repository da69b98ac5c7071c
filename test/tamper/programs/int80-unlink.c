// SPDX-License-Identifier: Apache-2.0
/* Removes by a 32-bit system call. */
#include "compat.h"

void act(void)
{
	int80(I386_UNLINK, low("watched/file"), 0, 0);
}
