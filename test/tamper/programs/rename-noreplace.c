// SPDX-License-Identifier: Apache-2.0
/* Moves a file to a new name in the watched directory. */
#include "tamper.h"

void act(void)
{
	need(renameat2(AT_FDCWD, "other/file", AT_FDCWD, "watched/new", RENAME_NOREPLACE));
}
