// SPDX-License-Identifier: Apache-2.0
/* Changes the owner by name. */
#include "tamper.h"

void act(void)
{
	must(chown("watched/file", 1, 2));
}
