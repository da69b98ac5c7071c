// SPDX-License-Identifier: Apache-2.0
/* Moves by a 32-bit system call. */
#include "compat.h"

void act(void)
{
	int80(I386_RENAME, low("other/file"), low("watched/file"), 0);
}
