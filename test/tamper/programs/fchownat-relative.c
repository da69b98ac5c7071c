// SPDX-License-Identifier: Apache-2.0
/* Changes the owner relative to a directory. */
#include "tamper.h"

void act(void)
{
	must(fchownat(must(open("other", O_PATH)), "../watched/file", 1, 2, 0));
}
