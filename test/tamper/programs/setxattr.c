// SPDX-License-Identifier: Apache-2.0
/* Sets an attribute by name. */
#include "tamper.h"

void act(void)
{
	need(setxattr("watched/file", "trusted.weir", "v", 1, 0));
}
