// SPDX-License-Identifier: Apache-2.0
/* Splices the file's pages into a pipe, as attacks on the page cache do. */
#include "tamper.h"

void act(void)
{
	int ends[2];

	must(pipe(ends));
	must(splice(must(open("watched/file", O_RDONLY)), NULL, ends[1], NULL, 4, 0));
}
