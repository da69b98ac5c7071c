// SPDX-License-Identifier: Apache-2.0
/* Changes the mode by a hard link that was there before. */
#include "tamper.h"

void prepare(void)
{
	must(link("watched/file", "other/alias"));
}

void act(void)
{
	must(chmod("other/alias", 0600));
}
