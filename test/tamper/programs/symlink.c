// SPDX-License-Identifier: Apache-2.0
/* Makes a symbolic link. */
#include "tamper.h"

void act(void)
{
	must(symlink("../other/file", "watched/new"));
}
