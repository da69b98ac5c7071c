// SPDX-License-Identifier: Apache-2.0
/* Makes a directory. */
#include "tamper.h"

void act(void)
{
	must(mkdir("watched/new", 0755));
}
