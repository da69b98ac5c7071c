// SPDX-License-Identifier: Apache-2.0
/* Sets an attribute by a symbolic link to the file. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched/file", "other/shortcut"));
}

void act(void)
{
	need(setxattr("other/shortcut", "trusted.weir", "v", 1, 0));
}
