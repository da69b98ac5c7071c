// SPDX-License-Identifier: Apache-2.0
/* Writes by a symbolic link to the file. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched/file", "other/shortcut"));
}

void act(void)
{
	overwrite("other/shortcut");
}
