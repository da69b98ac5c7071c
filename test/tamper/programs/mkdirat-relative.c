// SPDX-License-Identifier: Apache-2.0
/* Makes a directory by the descriptor of the one above. */
#include "tamper.h"

void act(void)
{
	must(mkdirat(must(open("watched", O_PATH)), "new/", 0755));
}
