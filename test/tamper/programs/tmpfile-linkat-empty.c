// SPDX-License-Identifier: Apache-2.0
/* Gives a name to a file without one, by its descriptor. */
#include "tamper.h"

void act(void)
{
	int fd = must(open("other", O_TMPFILE | O_WRONLY, 0644));

	write_text(fd);
	must(linkat(fd, "", AT_FDCWD, "watched/new", AT_EMPTY_PATH));
}
