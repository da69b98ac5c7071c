// SPDX-License-Identifier: Apache-2.0
/* Makes the folder its root by chroot(2), and writes there. */
#include "tamper.h"

void act(void)
{
	must(chroot("."));
	overwrite("/watched/file");
}
