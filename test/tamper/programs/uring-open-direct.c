// SPDX-License-Identifier: Apache-2.0
/* io_uring: opens into the ring's own table, without a descriptor, and writes there. */
#include "uring.h"

void act(void)
{
	struct ring ring = uring_open(0);
	int none = -1;

	must(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, &none, 1));
	uring_submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
						    .fd = AT_FDCWD,
						    .addr = (long)"watched/file",
						    .open_flags = O_WRONLY,
						    .file_index = 1 });
	uring_submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_WRITE,
						    .flags = IOSQE_FIXED_FILE,
						    .addr = (long)"text",
						    .len = 4 });
}
