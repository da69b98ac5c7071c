// SPDX-License-Identifier: Apache-2.0
/* Writes where no path leads: deeper than PATH_MAX, reached step by step. */
#include "long.h"

void act(void)
{
	enter();
	overwrite("file");
}
