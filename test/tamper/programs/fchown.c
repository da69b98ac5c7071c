// SPDX-License-Identifier: Apache-2.0
/* Changes the owner by descriptor. */
#include "tamper.h"

void act(void)
{
	must(fchown(must(open("watched/file", O_RDONLY)), 1, 2));
}
