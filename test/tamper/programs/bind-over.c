// SPDX-License-Identifier: Apache-2.0
/* Binds another directory over the watched one. */
#include "tamper.h"

void act(void)
{
	must(mount("other", "watched", NULL, MS_BIND, NULL));
}
