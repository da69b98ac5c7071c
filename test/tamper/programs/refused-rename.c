// SPDX-License-Identifier: Apache-2.0
/* Tries to move what it may not. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(rename("watched/file", "watched/new"), EACCES);
}
