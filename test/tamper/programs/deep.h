// SPDX-License-Identifier: Apache-2.0
/* A file below more than 128 directories. */
#pragma once
#include "tamper.h"

#define D10 "d/d/d/d/d/d/d/d/d/d/"
#define D50 D10 D10 D10 D10 D10
#define DEEP_FILE "watched/" D50 D50 D50 "file"

void prepare(void)
{
	must(chdir("watched"));
	for (int i = 0; i < 150; i++) {
		must(mkdir("d", 0755));
		must(chdir("d"));
	}
	make_file("file");
}
