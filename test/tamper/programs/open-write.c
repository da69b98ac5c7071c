// SPDX-License-Identifier: Apache-2.0
/* Opens for writing. */
#include "tamper.h"

void act(void)
{
	overwrite("watched/file");
}
