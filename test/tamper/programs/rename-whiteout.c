// SPDX-License-Identifier: Apache-2.0
/* Moves the watched file away and leaves a whiteout. */
#include "tamper.h"

void act(void)
{
	need(renameat2(AT_FDCWD, "watched/file", AT_FDCWD, "other/moved", RENAME_WHITEOUT));
}
