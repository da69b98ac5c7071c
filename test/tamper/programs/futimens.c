// SPDX-License-Identifier: Apache-2.0
/* Sets the times by descriptor. */
#include "tamper.h"

void act(void)
{
	must(futimens(must(open("watched/file", O_RDONLY)), NULL));
}
