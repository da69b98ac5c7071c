// SPDX-License-Identifier: Apache-2.0
/* Gives a name to a file without one, by way of /proc. */
#include "tamper.h"

void act(void)
{
	int fd = must(open("watched", O_TMPFILE | O_WRONLY, 0644));
	char name[64];

	write_text(fd);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	must(linkat(AT_FDCWD, name, AT_FDCWD, "watched/new", AT_SYMLINK_FOLLOW));
}
