// SPDX-License-Identifier: Apache-2.0
/* Writes from a thread that is not the first. */
#include "tamper.h"
#include <pthread.h>

static void *run(void *unused)
{
	overwrite("watched/file");
	return unused;
}

void act(void)
{
	pthread_t thread;

	must(-pthread_create(&thread, NULL, run, NULL));
	must(-pthread_join(thread, NULL));
}
