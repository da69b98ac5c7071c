// SPDX-License-Identifier: Apache-2.0
/* io_uring: sets an attribute by name. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){ .opcode = IORING_OP_SETXATTR,
				     .addr = (long)"trusted.weir",
				     .addr2 = (long)"v",
				     .addr3 = (long)"watched/file",
				     .len = 1 });
}
