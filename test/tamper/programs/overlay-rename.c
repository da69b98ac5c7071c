// SPDX-License-Identifier: Apache-2.0
/* Moves a file of an overlay's lower layer. */
#include "layers.h"

void act(void)
{
	must(rename("watched/file", "watched/new"));
}
