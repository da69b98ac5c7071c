// SPDX-License-Identifier: Apache-2.0
/* Makes a mount by fsopen(2) and fsmount(2), and moves it over the watched directory. */
#include "tamper.h"

void act(void)
{
	int context = need(syscall(NR_FSOPEN, "tmpfs", 0));

	must(syscall(NR_FSCONFIG, context, CONFIG_CREATE, NULL, NULL, 0));
	must(syscall(NR_MOVE_MOUNT, must(syscall(NR_FSMOUNT, context, 0, 0)), "", AT_FDCWD,
		     "watched", MOVE_FROM_EMPTY));
}
