// SPDX-License-Identifier: Apache-2.0
/* A file where no path leads: deeper than PATH_MAX. */
#pragma once
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

/* Step by step. */
static void enter(void)
{
	must(chdir("watched"));
	for (int i = 0; i < 20; i++)
		must(chdir(long_name()));
}
