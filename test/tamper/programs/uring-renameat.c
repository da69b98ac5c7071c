// SPDX-License-Identifier: Apache-2.0
/* io_uring: moves another file over the watched one. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT,
				     .fd = AT_FDCWD,
				     .len = AT_FDCWD,
				     .addr = (long)"other/file",
				     .addr2 = (long)"watched/file" });
}
