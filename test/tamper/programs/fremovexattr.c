// SPDX-License-Identifier: Apache-2.0
/* Removes an attribute by descriptor. */
#include "tamper.h"

void prepare(void)
{
	need(setxattr("watched/file", "trusted.weir", "v", 1, 0));
}

void act(void)
{
	must(fremovexattr(must(open("watched/file", O_RDONLY)), "trusted.weir"));
}
