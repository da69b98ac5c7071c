// SPDX-License-Identifier: Apache-2.0
/* Writes to a file of an overlay that has to be copied up. */
#include "layers.h"

void act(void)
{
	overwrite("watched/file");
}
