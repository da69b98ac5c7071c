// SPDX-License-Identifier: Apache-2.0
/* Cuts the file by a symbolic link to it. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched/file", "other/shortcut"));
}

void act(void)
{
	must(truncate("other/shortcut", 1));
}
