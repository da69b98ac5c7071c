// SPDX-License-Identifier: Apache-2.0
/* Writes by a bind mount that no other mount namespace has. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/bound", 0755));
}

void act(void)
{
	leave_mounts();
	must(mount("watched", "other/bound", NULL, MS_BIND, NULL));
	overwrite("other/bound/file");
}
