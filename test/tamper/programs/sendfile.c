// SPDX-License-Identifier: Apache-2.0
/* Sends another file's content into the watched one. */
#include "tamper.h"

void act(void)
{
	int from = must(open("other/file", O_RDONLY)), to = must(open("watched/file", O_WRONLY));

	must(sendfile(to, from, NULL, 4));
}
