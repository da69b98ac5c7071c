// SPDX-License-Identifier: Apache-2.0
/* Makes a file by creat(2). */
#include "tamper.h"

void act(void)
{
	write_text(must(creat("watched/new", 0644)));
}
