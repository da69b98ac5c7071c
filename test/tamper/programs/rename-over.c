// SPDX-License-Identifier: Apache-2.0
/* Moves another file over the watched one. */
#include "tamper.h"

void act(void)
{
	must(rename("other/file", "watched/file"));
}
