// SPDX-License-Identifier: Apache-2.0
/* Sets the times by name. */
#include "tamper.h"

void act(void)
{
	must(utimensat(AT_FDCWD, "watched/file", NULL, AT_SYMLINK_NOFOLLOW));
}
