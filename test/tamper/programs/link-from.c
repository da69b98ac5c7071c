// SPDX-License-Identifier: Apache-2.0
/* Gives the watched file another name. */
#include "tamper.h"

void act(void)
{
	must(link("watched/file", "other/alias"));
}
