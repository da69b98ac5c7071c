// SPDX-License-Identifier: Apache-2.0
/* Moves a mount over the watched directory by move_mount(2). */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/mounted", 0755));
	must(mount("none", "other/mounted", "tmpfs", 0, NULL));
}

void act(void)
{
	need(syscall(NR_MOVE_MOUNT, AT_FDCWD, "other/mounted", AT_FDCWD, "watched", 0));
}
