// SPDX-License-Identifier: Apache-2.0
/* io_uring: opens by the kernel's polling thread, without a system call for it. */
#include "uring.h"

void act(void)
{
	struct ring ring = uring_open(IORING_SETUP_SQPOLL);

	uring_submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
						    .fd = AT_FDCWD,
						    .addr = (long)"watched/file",
						    .open_flags = O_WRONLY });
}
