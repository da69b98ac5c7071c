// SPDX-License-Identifier: Apache-2.0
/* Tries to open for writing what it may not. */
#include "tamper.h"

void prepare(void)
{
	must(chmod("watched/file", 0600));
}

void act(void)
{
	become_nobody();
	refused(open("watched/file", O_WRONLY), EACCES);
}
