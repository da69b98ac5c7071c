// SPDX-License-Identifier: Apache-2.0
/* Makes a file through a symbolic link that led nowhere. */
#include "tamper.h"

void prepare(void)
{
	must(symlink("../watched/new", "other/dangling"));
}

void act(void)
{
	write_text(must(open("other/dangling", O_WRONLY | O_CREAT, 0644)));
}
