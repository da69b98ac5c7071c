// SPDX-License-Identifier: Apache-2.0
/* Removes a file of an overlay's lower layer. */
#include "layers.h"

void act(void)
{
	must(unlink("watched/file"));
}
