// SPDX-License-Identifier: Apache-2.0
/* Changes the mode of a file of an overlay that has to be copied up. */
#include "layers.h"

void act(void)
{
	must(chmod("watched/file", 0600));
}
