// SPDX-License-Identifier: Apache-2.0
/* Writes by a symbolic link to the directory. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched", "other/shortcut"));
}

void act(void)
{
	overwrite("other/shortcut/file");
}
