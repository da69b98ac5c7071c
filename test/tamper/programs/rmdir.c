// SPDX-License-Identifier: Apache-2.0
/* Removes a directory. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("watched/directory", 0755));
}

void act(void)
{
	must(rmdir("watched/directory"));
}
