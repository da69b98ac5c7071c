// SPDX-License-Identifier: Apache-2.0
/* Makes a file without a name in the watched directory. */
#include "tamper.h"

void act(void)
{
	write_text(must(open("watched", O_TMPFILE | O_WRONLY, 0644)));
}
