// SPDX-License-Identifier: Apache-2.0
/* Sets extended flags of the inode by name. */
#include "image.h"
#include <linux/fs.h>

void prepare(void)
{
	mount_image("ext4", "watched");
	make_file("watched/file");
}

void act(void)
{
	struct {
		__u64 flags;
		__u32 extent, extents, project, cow;
	} attributes = { FS_XFLAG_NODUMP, 0, 0, 0, 0 };

	need(syscall(NR_FILE_SETATTR, AT_FDCWD, "watched/file", &attributes, sizeof(attributes),
		     0));
}
