// SPDX-License-Identifier: Apache-2.0
/* Makes a directory by a symbolic link to the one above. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched", "other/shortcut"));
}

void act(void)
{
	must(mkdir("other/shortcut/new", 0755));
}
