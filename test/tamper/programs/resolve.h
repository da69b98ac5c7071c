// SPDX-License-Identifier: Apache-2.0
/* openat2(2) with one of its ways to resolve a name. */
#pragma once

#include "tamper.h"
#include <linux/openat2.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

static void overwrite_resolved(int directory, const char *path, unsigned long long resolve)
{
	struct open_how how = { .flags = O_WRONLY, .resolve = resolve };
	int fd = need(syscall(NR_OPENAT2, directory, path, &how, sizeof(how)));

	write_text(fd);
}
