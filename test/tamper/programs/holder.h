// SPDX-License-Identifier: Apache-2.0
/* Another process that lives in a mount namespace of its own. */
#pragma once
#include "tamper.h"

static pid_t start_holder(void)
{
	int ends[2];
	char byte;
	pid_t child;

	must(pipe(ends));
	child = must(fork());
	if (child == 0) {
		leave_mounts();
		must(write(ends[1], "r", 1));
		pause();
	}
	must(read(ends[0], &byte, 1));
	return child;
}
