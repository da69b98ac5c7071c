// SPDX-License-Identifier: Apache-2.0
/* Tries to make a directory where it may not. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(mkdir("watched/new", 0755), EACCES);
}
