// SPDX-License-Identifier: Apache-2.0
/* Replaces content by a hole. */
#include "tamper.h"

void act(void)
{
	need(fallocate(must(open("watched/file", O_WRONLY)),
		       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4));
}
