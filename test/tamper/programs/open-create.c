// SPDX-License-Identifier: Apache-2.0
/* Makes a file by open(2). */
#include "tamper.h"

void act(void)
{
	write_text(must(open("watched/new", O_WRONLY | O_CREAT | O_EXCL, 0644)));
}
