// SPDX-License-Identifier: Apache-2.0
/* Tries to set an attribute of another's file. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(setxattr("watched/file", "trusted.weir", "v", 1, 0), EPERM);
}
