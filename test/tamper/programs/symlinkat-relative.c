// SPDX-License-Identifier: Apache-2.0
/* Makes a symbolic link by the descriptor of the directory. */
#include "tamper.h"

void act(void)
{
	must(symlinkat("../other/file", must(open("watched", O_PATH)), "new"));
}
