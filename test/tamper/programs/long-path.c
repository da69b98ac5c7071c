// SPDX-License-Identifier: Apache-2.0
/* Writes where no path leads: deeper than PATH_MAX, reached step by step. */
#include "tamper.h"

static const char *long_name(void)
{
	static char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	return name;
}

void prepare(void)
{
	must(chdir("watched"));
	for (int i = 0; i < 20; i++) {
		must(mkdir(long_name(), 0755));
		must(chdir(long_name()));
	}
	make_file("file");
}

void act(void)
{
	must(chdir("watched"));
	for (int i = 0; i < 20; i++)
		must(chdir(long_name()));
	overwrite("file");
}
