// SPDX-License-Identifier: Apache-2.0
/* Removes an attribute by name. */
#include "tamper.h"

void prepare(void)
{
	need(setxattr("watched/file", "trusted.weir", "v", 1, 0));
}

void act(void)
{
	must(removexattr("watched/file", "trusted.weir"));
}
