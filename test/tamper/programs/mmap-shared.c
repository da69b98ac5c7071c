// SPDX-License-Identifier: Apache-2.0
/* Writes to a shared mapping. */
#include "tamper.h"

void act(void)
{
	char *content = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			     must(open("watched/file", O_RDWR)), 0);

	if (content == MAP_FAILED)
		must(-1);
	content[0] = 'T';
	must(msync(content, 4096, MS_SYNC));
}
