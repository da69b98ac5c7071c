// SPDX-License-Identifier: Apache-2.0
/* Removes below more than 128 directories. */
#include "deep.h"

void act(void)
{
	must(unlink(DEEP_FILE));
}
