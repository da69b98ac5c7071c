// SPDX-License-Identifier: Apache-2.0
/* Removes the file by the descriptor of another directory. */
#include "tamper.h"

void act(void)
{
	must(unlinkat(must(open("other", O_PATH)), "../watched/file", 0));
}
