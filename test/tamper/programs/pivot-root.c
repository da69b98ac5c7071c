// SPDX-License-Identifier: Apache-2.0
/* Makes the folder its root by pivot_root(2), and writes there. */
#include "tamper.h"

void act(void)
{
	leave_mounts();
	must(mount(".", ".", NULL, MS_BIND, NULL));
	must(chdir(strcat(getcwd((char[PATH_MAX]){}, PATH_MAX), "/")));
	must(syscall(SYS_pivot_root, ".", "other"));
	must(umount2("/other", MNT_DETACH));
	overwrite("/watched/file");
}
