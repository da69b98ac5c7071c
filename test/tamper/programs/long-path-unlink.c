// SPDX-License-Identifier: Apache-2.0
/* Removes where no path leads: deeper than PATH_MAX, reached step by step. */
#include "long.h"

void act(void)
{
	enter();
	must(unlink("file"));
}
