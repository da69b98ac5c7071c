// SPDX-License-Identifier: Apache-2.0
/* Links another file into the watched directory. */
#include "tamper.h"

void act(void)
{
	must(link("other/file", "watched/new"));
}
