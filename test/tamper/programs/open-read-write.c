// SPDX-License-Identifier: Apache-2.0
/* Opens for reading and writing. */
#include "tamper.h"

void act(void)
{
	write_text(must(open("watched/file", O_RDWR)));
}
