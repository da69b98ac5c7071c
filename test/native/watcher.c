// SPDX-License-Identifier: Apache-2.0
/*
 * Says what fanotify(7) reports of the entries of some directories: another view of the same changes, by another
 * part of the kernel.
 *
 *     watcher DIRECTORY...
 *
 * Writes `ready`, then a line for each change: `KIND PID PATH`, where KIND is one of create, delete, from, to,
 * attributes, content. Ends when standard input does, after what was reported until then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#define DIRECTORIES_MAX	   256
#define HANDLE_BYTES_MAX   128
#define KINDS		   (FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ATTRIB | FAN_MODIFY)
#define LAST_WAIT_MS	   200

struct directory {
	const char *path;
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + HANDLE_BYTES_MAX];
	};
};

static struct directory directories[DIRECTORIES_MAX];
static int count;

static const struct {
	unsigned long long mask;
	const char *kind;
} kinds[] = {
	{ FAN_CREATE, "create" }, { FAN_DELETE, "delete" },	{ FAN_MOVED_FROM, "from" },
	{ FAN_MOVED_TO, "to" },	  { FAN_ATTRIB, "attributes" }, { FAN_MODIFY, "content" },
};

static void die(const char *what)
{
	fprintf(stderr, "watcher: %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *path_of(const struct file_handle *handle)
{
	for (int i = 0; i < count; i++) {
		const struct file_handle *known = &directories[i].handle;

		if (known->handle_type == handle->handle_type && known->handle_bytes == handle->handle_bytes &&
		    memcmp(known->f_handle, handle->f_handle, handle->handle_bytes) == 0)
			return directories[i].path;
	}
	return NULL;
}

static void report(const struct fanotify_event_metadata *event)
{
	const struct fanotify_event_info_fid *info = (const void *)(event + 1);
	const struct file_handle *handle = (const void *)info->handle;
	const char *name = (const char *)handle->f_handle + handle->handle_bytes;
	const char *directory;

	if (event->mask & FAN_Q_OVERFLOW) {
		printf("overflow 0 -\n");
		return;
	}
	/* Those of a directory itself have no name. */
	if (event->event_len == event->metadata_len || info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME ||
	    strcmp(name, ".") == 0)
		return;
	directory = path_of(handle);
	for (size_t i = 0; directory && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (event->mask & kinds[i].mask)
			printf("%s %d %s/%s\n", kinds[i].kind, event->pid, directory, name);
}

/* Returns whether there was anything. */
static int read_events(int fd)
{
	static char buffer[1 << 16] __attribute__((aligned(8)));
	const struct fanotify_event_metadata *event = (const void *)buffer;
	ssize_t length = read(fd, buffer, sizeof(buffer));

	if (length < 0 && errno != EAGAIN)
		die("read");
	for (; length > 0 && FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length))
		report(event);
	return length > 0;
}

int main(int argc, char **argv)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE, O_RDONLY);
	struct pollfd waits[] = { { .fd = fd, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	int mount_id;

	if (fd < 0)
		die("fanotify_init");
	if (argc - 1 > DIRECTORIES_MAX) {
		errno = E2BIG;
		die("directories");
	}
	for (int i = 1; i < argc; i++, count++) {
		struct directory *d = &directories[count];

		d->path = argv[i];
		d->handle.handle_bytes = HANDLE_BYTES_MAX;
		if (name_to_handle_at(AT_FDCWD, argv[i], &d->handle, &mount_id, 0) < 0 ||
		    fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, KINDS | FAN_ONDIR | FAN_EVENT_ON_CHILD, AT_FDCWD,
				  argv[i]) < 0)
			die(argv[i]);
	}
	printf("ready\n");
	fflush(stdout);
	while (poll(waits, 2, -1) > 0 && !waits[1].revents)
		read_events(fd);
	while (poll(waits, 1, LAST_WAIT_MS) > 0 && read_events(fd))
		;
	return 0;
}
