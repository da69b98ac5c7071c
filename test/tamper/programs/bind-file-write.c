// SPDX-License-Identifier: Apache-2.0
/* Writes by a bind mount of the watched file. */
#include "tamper.h"

void prepare(void)
{
	must(mount("watched/file", "other/file", NULL, MS_BIND, NULL));
}

void act(void)
{
	overwrite("other/file");
}
