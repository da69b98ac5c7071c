// SPDX-License-Identifier: Apache-2.0
/* Makes a file by mknod(2). */
#include "tamper.h"

void act(void)
{
	must(mknod("watched/new", S_IFREG | 0644, 0));
}
