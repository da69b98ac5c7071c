// SPDX-License-Identifier: Apache-2.0
/* Binds another file over the watched one. */
#include "tamper.h"

void act(void)
{
	must(mount("other/file", "watched/file", NULL, MS_BIND, NULL));
}
