// SPDX-License-Identifier: Apache-2.0
/* io_uring: opens for writing. */
#include "uring.h"

void act(void)
{
	int fd = uring((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
					      .fd = AT_FDCWD,
					      .addr = (long)"watched/file",
					      .open_flags = O_WRONLY });

	write_text(fd);
}
