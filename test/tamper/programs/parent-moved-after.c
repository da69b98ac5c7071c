// SPDX-License-Identifier: Apache-2.0
/* Opens, then moves the directory away before it writes. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("watched/directory", 0755));
	make_file("watched/directory/file");
}

void act(void)
{
	int fd = must(open("watched/directory/file", O_WRONLY));

	must(rename("watched/directory", "other/away"));
	write_text(fd);
}
