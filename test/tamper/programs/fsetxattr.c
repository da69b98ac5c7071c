// SPDX-License-Identifier: Apache-2.0
/* Sets an attribute by descriptor. */
#include "tamper.h"

void act(void)
{
	need(fsetxattr(must(open("watched/file", O_RDONLY)), "trusted.weir", "v", 1, 0));
}
