// SPDX-License-Identifier: Apache-2.0
/* Sets the times by utime(2). */
#include "tamper.h"
#include <utime.h>

void act(void)
{
	must(utime("watched/file", &(struct utimbuf){ 1, 2 }));
}
