// SPDX-License-Identifier: Apache-2.0
/* Changes the mode by fchmodat2(2), of a descriptor without access. */
#include "tamper.h"

void act(void)
{
	need(syscall(NR_FCHMODAT2, must(open("watched/file", O_PATH)), "", 0600, AT_EMPTY_PATH));
}
