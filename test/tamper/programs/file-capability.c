// SPDX-License-Identifier: Apache-2.0
/* Gives the file a capability (setuid(2)). */
#include "tamper.h"
#include <linux/capability.h>

void act(void)
{
	struct vfs_cap_data capabilities = { .magic_etc =
						     VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
					     .data = { { .permitted = 1 << CAP_SETUID } } };

	need(setxattr("watched/file", "security.capability", &capabilities, sizeof(capabilities),
		      0));
}
