// SPDX-License-Identifier: Apache-2.0
/* Opens relative to the descriptor of another directory. */
#include "tamper.h"

void act(void)
{
	int directory = must(open("other", O_PATH | O_DIRECTORY));

	write_text(must(openat(directory, "../watched/./file", O_WRONLY)));
}
