// SPDX-License-Identifier: Apache-2.0
/* Sets the times by utimes(2). */
#include "tamper.h"
#include <sys/time.h>

void act(void)
{
	must(utimes("watched/file", (struct timeval[2]){ { 1, 0 }, { 2, 0 } }));
}
