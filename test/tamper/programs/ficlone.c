// SPDX-License-Identifier: Apache-2.0
/* Shares another file's blocks with the watched one. */
#include "image.h"
#include <linux/fs.h>

void prepare(void)
{
	mount_image("xfs", "watched");
	make_file("watched/file");
	make_file("watched/source");
}

void act(void)
{
	int from = must(open("watched/source", O_RDONLY)),
	    to = must(open("watched/file", O_WRONLY));

	need(ioctl(to, FICLONE, from));
}
