// SPDX-License-Identifier: Apache-2.0
/* Writes below more than 128 directories. */
#include "deep.h"

void act(void)
{
	overwrite(DEEP_FILE);
}
