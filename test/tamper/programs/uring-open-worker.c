// SPDX-License-Identifier: Apache-2.0
/* io_uring: opens by a worker of the kernel. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
				     .flags = IOSQE_ASYNC,
				     .fd = AT_FDCWD,
				     .addr = (long)"watched/file",
				     .open_flags = O_WRONLY });
}
