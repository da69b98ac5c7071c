// SPDX-License-Identifier: Apache-2.0
/* Sets an attribute of a symbolic link. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("file", "watched/shortcut"));
}

void act(void)
{
	need(lsetxattr("watched/shortcut", "trusted.weir", "v", 1, 0));
}
