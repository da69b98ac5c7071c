// SPDX-License-Identifier: Apache-2.0
/* io_uring: removes a directory. */
#include "uring.h"

void prepare(void)
{
	must(mkdir("watched/directory", 0755));
}

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT,
				     .fd = AT_FDCWD,
				     .addr = (long)"watched/directory",
				     .unlink_flags = AT_REMOVEDIR });
}
