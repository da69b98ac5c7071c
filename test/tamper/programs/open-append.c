// SPDX-License-Identifier: Apache-2.0
/* Opens for appending. */
#include "tamper.h"

void act(void)
{
	write_text(must(open("watched/file", O_WRONLY | O_APPEND)));
}
