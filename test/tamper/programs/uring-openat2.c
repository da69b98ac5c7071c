// SPDX-License-Identifier: Apache-2.0
/* io_uring: opens for writing by openat2. */
#include "uring.h"

void act(void)
{
	struct {
		__u64 flags, mode, resolve;
	} how = { O_WRONLY | O_TRUNC, 0, 0 };

	write_text(uring((struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2,
						.fd = AT_FDCWD,
						.addr = (long)"watched/file",
						.len = sizeof(how),
						.off = (long)&how }));
}
