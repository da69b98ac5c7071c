// SPDX-License-Identifier: Apache-2.0
/* Makes a socket by binding to a name. */
#include "tamper.h"
#include <sys/un.h>

void act(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "watched/new" };

	must(bind(must(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address,
		  sizeof(address)));
}
