// SPDX-License-Identifier: Apache-2.0
/* Removes an attribute by name, following no link. */
#include "tamper.h"

void prepare(void)
{
	need(setxattr("watched/file", "trusted.weir", "v", 1, 0));
}

void act(void)
{
	must(lremovexattr("watched/file", "trusted.weir"));
}
