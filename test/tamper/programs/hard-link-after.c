// SPDX-License-Identifier: Apache-2.0
/* Makes a hard link and writes by it. */
#include "tamper.h"

void act(void)
{
	must(link("watched/file", "other/alias"));
	overwrite("other/alias");
}
