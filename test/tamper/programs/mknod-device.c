// SPDX-License-Identifier: Apache-2.0
/* Makes a device node. */
#include "tamper.h"

void act(void)
{
	must(mknod("watched/new", S_IFCHR | 0666, makedev(1, 3)));
}
