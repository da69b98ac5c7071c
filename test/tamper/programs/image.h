// SPDX-License-Identifier: Apache-2.0
/* File systems in an image, for what one of memory can't do. */
#pragma once

#include "tamper.h"

#define IMAGE "image"

/* Where this machine has no such file system, or no means to make one, the technique is not supported. */
static void mount_image(const char *type, const char *directory)
{
	char script[PATH_MAX];

	snprintf(script, sizeof(script),
		 "truncate -s 400M " IMAGE " && mkfs.%s -q " IMAGE " && mount -o loop -t %s " IMAGE
		 " %s",
		 type, type, directory);
	if (system(script) != 0) {
		errno = ENODEV;
		unsupported(type);
	}
}
