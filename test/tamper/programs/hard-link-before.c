// SPDX-License-Identifier: Apache-2.0
/* Writes by a hard link that was there before anything was watched. */
#include "tamper.h"

void prepare(void)
{
	must(link("watched/file", "other/alias"));
}

void act(void)
{
	overwrite("other/alias");
}
