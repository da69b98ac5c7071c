// SPDX-License-Identifier: Apache-2.0
/* Removes an access control list. */
#include "tamper.h"
#include <linux/types.h>

void prepare(void)
{
	struct {
		__u32 version;
		struct {
			__u16 tag, perm;
			__u32 id;
		} entries[5];
	} list = { 2,
		   { { 1, 6, -1 }, { 2, 7, NOBODY }, { 4, 4, -1 }, { 16, 7, -1 }, { 32, 4, -1 } } };

	need(setxattr("watched/file", "system.posix_acl_access", &list, sizeof(list), 0));
}

void act(void)
{
	must(removexattr("watched/file", "system.posix_acl_access"));
}
