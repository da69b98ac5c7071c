// SPDX-License-Identifier: Apache-2.0
/* Changes a watched directory that is the upper layer of an overlay elsewhere. */
#include "tamper.h"

void prepare(void)
{
	must(mkdir("other/lower", 0755));
	must(mkdir("other/merged", 0755));
	must(mkdir("other/work", 0755));
	must(mount("none", "other/work", "tmpfs", 0, NULL));
	must(mkdir("other/work/upper", 0755));
	must(mkdir("other/work/work", 0755));
	must(mount("other/work/upper", "watched", NULL, MS_BIND, NULL));
	need(mount("none", "other/merged", "overlay", 0,
		   "lowerdir=other/lower,upperdir=other/work/upper,workdir=other/work/work"));
}

void act(void)
{
	make_file("other/merged/new");
}
