// SPDX-License-Identifier: Apache-2.0
/* Writes by a bind mount of the watched directory. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/bound", 0755));
	must(mount("watched", "other/bound", NULL, MS_BIND, NULL));
}

void act(void)
{
	overwrite("other/bound/file");
}
