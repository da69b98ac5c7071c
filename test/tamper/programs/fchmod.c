// SPDX-License-Identifier: Apache-2.0
/* Changes the mode by descriptor. */
#include "tamper.h"

void act(void)
{
	must(fchmod(must(open("watched/file", O_RDONLY)), 0600));
}
