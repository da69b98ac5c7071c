// SPDX-License-Identifier: Apache-2.0
/* Tries to cut another's file. */
#include "tamper.h"

void act(void)
{
	become_nobody();
	refused(truncate("watched/file", 1), EACCES);
}
