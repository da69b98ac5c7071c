// SPDX-License-Identifier: Apache-2.0
/* Moves by descriptors of directories. */
#include "tamper.h"

void act(void)
{
	int from = must(open("other", O_PATH)), to = must(open("watched", O_PATH));

	must(renameat(from, "file", to, "file"));
}
