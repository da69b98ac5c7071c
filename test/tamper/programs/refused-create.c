// SPDX-License-Identifier: Apache-2.0
/* Tries to make a file where it may not. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(open("watched/new", O_WRONLY | O_CREAT, 0644), EACCES);
}
