// SPDX-License-Identifier: Apache-2.0
/* Opens by a 32-bit system call. */
#include "compat.h"

void act(void)
{
	write_text(int80(I386_OPEN, low("watched/file"), O_WRONLY, 0));
}
