// SPDX-License-Identifier: Apache-2.0
/* io_uring: links a file into the watched directory. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_LINKAT,
				     .fd = AT_FDCWD,
				     .len = AT_FDCWD,
				     .addr = (long)"other/file",
				     .addr2 = (long)"watched/new" });
}
