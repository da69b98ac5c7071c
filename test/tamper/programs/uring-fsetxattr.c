// SPDX-License-Identifier: Apache-2.0
/* io_uring: sets an attribute by descriptor. */
#include "uring.h"

void act(void)
{
	int fd = must(open("watched/file", O_RDONLY));

	uring((struct io_uring_sqe){ .opcode = IORING_OP_FSETXATTR,
				     .fd = fd,
				     .addr = (long)"trusted.weir",
				     .addr2 = (long)"v",
				     .len = 1 });
}
