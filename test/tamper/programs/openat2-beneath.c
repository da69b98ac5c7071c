// SPDX-License-Identifier: Apache-2.0
/* Opens by openat2(2) with RESOLVE_BENEATH. */
#include "resolve.h"

void act(void)
{
	overwrite_resolved(must(open("watched", O_PATH)), "file", RESOLVE_BENEATH);
}
