// SPDX-License-Identifier: Apache-2.0
/* Writes by a descriptor that came over a socket. */
#include "passing.h"

void act(void)
{
	int ends[2];
	pid_t child;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	child = must(fork());
	if (child == 0) {
		i_act();
		write_text(receive_descriptor(ends[1]));
		_exit(0);
	}
	send_descriptor(ends[0], must(open("watched/file", O_WRONLY)));
	await(child);
}
