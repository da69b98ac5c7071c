// SPDX-License-Identifier: Apache-2.0
/* Sets extended flags of the inode by a descriptor for reading. */
#include "image.h"
#include <linux/fs.h>

void prepare(void)
{
	mount_image("ext4", "watched");
	make_file("watched/file");
}

void act(void)
{
	int fd = must(open("watched/file", O_RDONLY));
	struct fsxattr attributes;

	need(ioctl(fd, FS_IOC_FSGETXATTR, &attributes));
	attributes.fsx_xflags |= FS_XFLAG_NODUMP;
	need(ioctl(fd, FS_IOC_FSSETXATTR, &attributes));
}
