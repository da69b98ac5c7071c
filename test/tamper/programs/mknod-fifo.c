// SPDX-License-Identifier: Apache-2.0
/* Makes a named pipe. */
#include "tamper.h"

void act(void)
{
	must(mkfifo("watched/new", 0644));
}
