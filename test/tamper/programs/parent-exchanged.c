// SPDX-License-Identifier: Apache-2.0
/* Exchanges a directory above for another, then writes. */
#include "tamper.h"

void act(void)
{
	need(renameat2(AT_FDCWD, "other", AT_FDCWD, "watched", RENAME_EXCHANGE));
	overwrite("watched/file");
}
