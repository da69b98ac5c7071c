// SPDX-License-Identifier: Apache-2.0
/* io_uring: makes a directory. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT,
				     .fd = AT_FDCWD,
				     .addr = (long)"watched/new",
				     .len = 0755 });
}
