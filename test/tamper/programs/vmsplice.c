// SPDX-License-Identifier: Apache-2.0
/* Splices pages of its own memory into the file. */
#include "tamper.h"

void act(void)
{
	int ends[2];
	struct iovec memory = { .iov_base = "text", .iov_len = 4 };

	must(pipe(ends));
	must(vmsplice(ends[1], &memory, 1, 0));
	must(splice(ends[0], NULL, must(open("watched/file", O_WRONLY)), NULL, 4, 0));
}
