// SPDX-License-Identifier: Apache-2.0
/* Changes the owner of a symbolic link. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("file", "watched/shortcut"));
}

void act(void)
{
	must(lchown("watched/shortcut", 1, 2));
}
