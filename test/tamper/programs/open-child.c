// SPDX-License-Identifier: Apache-2.0
/* Writes from a child that outlives its parent's interest in it. */
#include "tamper.h"

void act(void)
{
	pid_t child = must(fork());

	if (child == 0) {
		i_act();
		overwrite("watched/file");
		_exit(0);
	}
	await(child);
}
