// SPDX-License-Identifier: Apache-2.0
/* Tries to write to an immutable file. */
#include "tamper.h"
#include <linux/fs.h>

static void set_flags(int flags)
{
	int fd = must(open("watched/file", O_RDONLY));

	need(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
}

void prepare(void)
{
	set_flags(FS_IMMUTABLE_FL);
}

void act(void)
{
	refused(open("watched/file", O_WRONLY), EPERM);
}
