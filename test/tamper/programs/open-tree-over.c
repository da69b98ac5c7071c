// SPDX-License-Identifier: Apache-2.0
/* Clones a tree by open_tree(2) and moves it over the watched directory. */
#include "tamper.h"

void act(void)
{
	int tree = need(syscall(NR_OPEN_TREE, AT_FDCWD, "other", TREE_CLONE));

	must(syscall(NR_MOVE_MOUNT, tree, "", AT_FDCWD, "watched", MOVE_FROM_EMPTY));
}
