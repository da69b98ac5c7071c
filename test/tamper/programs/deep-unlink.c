// SPDX-License-Identifier: Apache-2.0
/* Removes below more than 128 directories. */
#include "tamper.h"

#define D10 "d/d/d/d/d/d/d/d/d/d/"
#define D50 D10 D10 D10 D10 D10

void prepare(void)
{
	must(chdir("watched"));
	for (int i = 0; i < 150; i++) {
		must(mkdir("d", 0755));
		must(chdir("d"));
	}
	make_file("file");
}

void act(void)
{
	must(unlink("watched/" D50 D50 D50 "file"));
}
