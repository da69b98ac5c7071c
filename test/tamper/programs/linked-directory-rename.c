// SPDX-License-Identifier: Apache-2.0
/* Moves by a symbolic link to the directory. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched", "other/shortcut"));
}

void act(void)
{
	must(rename("other/file", "other/shortcut/file"));
}
