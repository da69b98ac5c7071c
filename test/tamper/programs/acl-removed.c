// SPDX-License-Identifier: Apache-2.0
/* Removes an access control list. */
#include "acl.h"

void prepare(void)
{
	set_acl();
}

void act(void)
{
	must(removexattr("watched/file", "system.posix_acl_access"));
}
