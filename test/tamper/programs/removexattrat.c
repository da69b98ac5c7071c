// SPDX-License-Identifier: Apache-2.0
/* Removes an attribute relative to a directory. */
#include "tamper.h"

void prepare(void)
{
	need(setxattr("watched/file", "trusted.weir", "v", 1, 0));
}

void act(void)
{
	need(syscall(NR_REMOVEXATTRAT, must(open("watched", O_PATH)), "file", 0, "trusted.weir"));
}
