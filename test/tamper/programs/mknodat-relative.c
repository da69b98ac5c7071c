// SPDX-License-Identifier: Apache-2.0
/* Makes a device node by the descriptor of its directory. */
#include "tamper.h"

void act(void)
{
	must(mknodat(must(open("watched", O_PATH)), "new", S_IFBLK | 0600, makedev(7, 200)));
}
