// SPDX-License-Identifier: Apache-2.0
/* Tries to remove what it may not. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(unlink("watched/file"), EACCES);
}
