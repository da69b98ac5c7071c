// SPDX-License-Identifier: Apache-2.0
/* Cuts the file by a hard link that was there before. */
#include "tamper.h"

void prepare(void)
{
	must(link("watched/file", "other/alias"));
}

void act(void)
{
	must(truncate("other/alias", 1));
}
