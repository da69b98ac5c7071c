// SPDX-License-Identifier: Apache-2.0
/* Makes the folder its root by chroot(2), and removes there. */
#include "tamper.h"

void act(void)
{
	must(chroot("."));
	must(unlink("/../watched/file"));
}
