// SPDX-License-Identifier: Apache-2.0
/* io_uring: removes the file. */
#include "uring.h"

void act(void)
{
	uring((struct io_uring_sqe){
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (long)"watched/file" });
}
