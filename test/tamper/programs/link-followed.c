// SPDX-License-Identifier: Apache-2.0
/* Links what a symbolic link leads to into the watched directory. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("file", "other/shortcut"));
}

void act(void)
{
	must(linkat(AT_FDCWD, "other/shortcut", AT_FDCWD, "watched/new", AT_SYMLINK_FOLLOW));
}
