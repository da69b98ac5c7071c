// SPDX-License-Identifier: Apache-2.0
/* Moves a directory to the watched place, then writes in it. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/directory", 0755));
	make_file("other/directory/file");
}

void act(void)
{
	must(rename("other/directory", "watched/directory"));
	overwrite("watched/directory/file");
}
