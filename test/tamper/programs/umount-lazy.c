// SPDX-License-Identifier: Apache-2.0
/* Uncovers the watched directory, lazily. */
#include "tamper.h"

void prepare(void)
{
	must(mount("none", "watched", "tmpfs", 0, NULL));
}

void act(void)
{
	must(umount2("watched", MNT_DETACH));
}
