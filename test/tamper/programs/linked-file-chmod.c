// SPDX-License-Identifier: Apache-2.0
/* Changes the mode by a symbolic link to the file. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched/file", "other/shortcut"));
}

void act(void)
{
	must(chmod("other/shortcut", 0600));
}
