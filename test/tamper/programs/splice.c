// SPDX-License-Identifier: Apache-2.0
/* Splices the content of a pipe into the file. */
#include "tamper.h"

void act(void)
{
	int ends[2];

	must(pipe(ends));
	write_text(ends[1]);
	must(splice(ends[0], NULL, must(open("watched/file", O_WRONLY)), NULL, 5, 0));
}
