// SPDX-License-Identifier: Apache-2.0
/* Tries to link into a directory where it may not. */
#include "tamper.h"

void prepare(void)
{
	make_file("other/own");
	must(chown("other/own", NOBODY, NOBODY));
}

void act(void)
{
	become_nobody();
	refused(link("other/own", "watched/new"), EACCES);
}
