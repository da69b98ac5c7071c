// SPDX-License-Identifier: Apache-2.0
/* Removes the file. */
#include "tamper.h"

void act(void)
{
	must(unlink("watched/file"));
}
