// SPDX-License-Identifier: Apache-2.0
/* io_uring: makes a symbolic link. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_SYMLINKAT,
				     .fd = AT_FDCWD,
				     .addr = (long)"../other/file",
				     .addr2 = (long)"watched/new" });
}
