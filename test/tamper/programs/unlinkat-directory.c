// SPDX-License-Identifier: Apache-2.0
/* Removes a directory by unlinkat(2). */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("watched/directory", 0755));
}

void act(void)
{
	must(unlinkat(AT_FDCWD, "watched/directory", AT_REMOVEDIR));
}
