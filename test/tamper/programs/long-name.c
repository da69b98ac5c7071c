// SPDX-License-Identifier: Apache-2.0
/* Makes a file with the longest name there is. */
#include "tamper.h"

static const char *long_name(void)
{
	static char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	return name;
}

void act(void)
{
	must(chdir("watched"));
	make_file(long_name());
}
