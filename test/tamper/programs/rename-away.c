// SPDX-License-Identifier: Apache-2.0
/* Moves the watched file elsewhere. */
#include "tamper.h"

void act(void)
{
	must(rename("watched/file", "other/moved"));
}
