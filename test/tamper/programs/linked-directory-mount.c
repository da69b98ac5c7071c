// SPDX-License-Identifier: Apache-2.0
/* Mounts over the watched directory by a symbolic link to it. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched", "other/shortcut"));
}

void act(void)
{
	must(mount("none", "other/shortcut", "tmpfs", 0, NULL));
}
