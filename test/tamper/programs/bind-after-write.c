// SPDX-License-Identifier: Apache-2.0
/* Binds the watched directory elsewhere and writes there. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/bound", 0755));
}

void act(void)
{
	must(mount("watched", "other/bound", NULL, MS_BIND, NULL));
	overwrite("other/bound/file");
}
