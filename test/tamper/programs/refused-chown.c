// SPDX-License-Identifier: Apache-2.0
/* Tries to take another's file. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(chown("watched/file", NOBODY, NOBODY), EPERM);
}
