// SPDX-License-Identifier: Apache-2.0
/* Changes the mode relative to a directory. */
#include "tamper.h"

void act(void)
{
	must(fchmodat(must(open("watched", O_PATH)), "file", 0600, 0));
}
