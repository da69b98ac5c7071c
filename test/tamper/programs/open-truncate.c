// SPDX-License-Identifier: Apache-2.0
/* Empties the file on opening it for reading alone, which Linux allows. */
#include "tamper.h"

void act(void)
{
	must(open("watched/file", O_RDONLY | O_TRUNC));
}
