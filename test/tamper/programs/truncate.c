// SPDX-License-Identifier: Apache-2.0
/* Cuts the file by its name. */
#include "tamper.h"

void act(void)
{
	must(truncate("watched/file", 1));
}
