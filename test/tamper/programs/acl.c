// SPDX-License-Identifier: Apache-2.0
/* Sets an access control list. */
#include "acl.h"

void act(void)
{
	set_acl();
}
