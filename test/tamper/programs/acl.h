// SPDX-License-Identifier: Apache-2.0
/* An access control list that lets another user in. */
#pragma once
#include "tamper.h"
#include <linux/types.h>

static void set_acl(void)
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
