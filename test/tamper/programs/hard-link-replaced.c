// SPDX-License-Identifier: Apache-2.0
/* Replaces the watched file, and writes by a hard link of the new one. */
#include "tamper.h"

void act(void)
{
	must(link("other/file", "other/alias"));
	must(rename("other/file", "watched/file"));
	overwrite("other/alias");
}
