// SPDX-License-Identifier: Apache-2.0
/* An overlay over what is watched, with a file in its lower layer. */
#pragma once
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/lower", 0755));
	must(mkdir("other/upper", 0755));
	must(mkdir("other/work", 0755));
	make_file("other/lower/file");
	need(mount("none", "watched", "overlay", 0,
		   "lowerdir=other/lower,upperdir=other/upper,workdir=other/work"));
}
