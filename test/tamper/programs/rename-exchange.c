// SPDX-License-Identifier: Apache-2.0
/* Exchanges the watched file for another. */
#include "tamper.h"

void act(void)
{
	need(renameat2(AT_FDCWD, "other/file", AT_FDCWD, "watched/file", RENAME_EXCHANGE));
}
