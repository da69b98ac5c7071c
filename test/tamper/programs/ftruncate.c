// SPDX-License-Identifier: Apache-2.0
/* Cuts the file by its descriptor. */
#include "tamper.h"

void act(void)
{
	must(ftruncate(must(open("watched/file", O_WRONLY)), 1));
}
