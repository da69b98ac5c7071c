// SPDX-License-Identifier: Apache-2.0
/* Opens by a file handle, without any name. */
#include "tamper.h"

void act(void)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + 128];
	} file = { .handle.handle_bytes = 128 };
	int mount_id;

	need(name_to_handle_at(AT_FDCWD, "watched/file", &file.handle, &mount_id, 0));
	write_text(need(open_by_handle_at(must(open(".", O_RDONLY)), &file.handle, O_WRONLY)));
}
