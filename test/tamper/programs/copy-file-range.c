// SPDX-License-Identifier: Apache-2.0
/* Copies into the file inside the kernel. */
#include "tamper.h"

void act(void)
{
	int from = must(open("other/file", O_RDONLY)), to = must(open("watched/file", O_WRONLY));

	need(copy_file_range(from, NULL, to, NULL, 4, 0));
}
