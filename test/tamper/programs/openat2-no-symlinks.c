// SPDX-License-Identifier: Apache-2.0
/* Opens by openat2(2) with RESOLVE_NO_SYMLINKS. */
#include "resolve.h"

void act(void)
{
	overwrite_resolved(must(open(".", O_PATH)), "watched/file", RESOLVE_NO_SYMLINKS);
}
