// SPDX-License-Identifier: Apache-2.0
/* Changes the owner of a descriptor without access. */
#include "tamper.h"

void act(void)
{
	must(fchownat(must(open("watched/file", O_PATH)), "", 1, 2, AT_EMPTY_PATH));
}
