// SPDX-License-Identifier: Apache-2.0
/* Changes the mode by name. */
#include "tamper.h"

void act(void)
{
	must(chmod("watched/file", 04755));
}
