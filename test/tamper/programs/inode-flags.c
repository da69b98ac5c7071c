// SPDX-License-Identifier: Apache-2.0
/* Sets flags of the inode, as chattr(1) does, by a descriptor for reading. */
#include "tamper.h"
#include <linux/fs.h>

void act(void)
{
	int fd = must(open("watched/file", O_RDONLY)), flags;

	need(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags |= FS_NODUMP_FL;
	need(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
