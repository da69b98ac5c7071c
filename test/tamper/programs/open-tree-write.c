// SPDX-License-Identifier: Apache-2.0
/* Writes by a clone of the watched tree that is mounted nowhere. */
#include "tamper.h"

void act(void)
{
	int tree = need(syscall(NR_OPEN_TREE, AT_FDCWD, "watched", TREE_CLONE));

	write_text(must(openat(tree, "file", O_WRONLY)));
}
