// SPDX-License-Identifier: Apache-2.0
/* Sets an attribute relative to a directory. */
#include "tamper.h"
#include <linux/types.h>

void act(void)
{
	struct {
		__u64 value;
		__u32 size, flags;
	} how = { (long)"v", 1, 0 };

	need(syscall(NR_SETXATTRAT, must(open("watched", O_PATH)), "file", 0, "trusted.weir", &how,
		     sizeof(how)));
}
