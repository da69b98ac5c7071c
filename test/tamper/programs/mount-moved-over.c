// SPDX-License-Identifier: Apache-2.0
/* Moves a mount over the watched directory by mount(2). */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/mounted", 0755));
	must(mount("none", "other/mounted", "tmpfs", 0, NULL));
}

void act(void)
{
	must(mount("other/mounted", "watched", NULL, MS_MOVE, NULL));
}
