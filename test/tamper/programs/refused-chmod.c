// SPDX-License-Identifier: Apache-2.0
/* Tries to change the mode of another's file. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(chmod("watched/file", 0777), EPERM);
}
