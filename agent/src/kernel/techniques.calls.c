/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that no script can make: `calls int80 NUMBER ARGUMENT…` by the table of 32-bit programs; `calls wide NUMBER
 * ARGUMENT…` with what the kernel does not look at set in the register of the number; `calls rights WAY PATH…`
 * hands open files to a process, which receives them with WAY; `calls uring HOW OPERATION…` by io_uring.
 *
 * An ARGUMENT is a number, =TEXT for a string, or @PATH for a descriptor of that file, opened to read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 200

static void die(const char *what)
{
	fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Memory that a 32-bit call can point to. */
static char *low(size_t bytes)
{
	static char *at;
	char *here;

	if (!at) {
		at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		if (at == MAP_FAILED)
			die("mmap");
	}
	here = at;
	at += (bytes + 7) & ~7UL;
	return here;
}

static long argument(const char *text)
{
	if (text[0] == '=')
		return (long)strcpy(low(strlen(text)), text + 1);
	if (text[0] == '@') {
		int fd = open(text + 1, O_RDONLY);

		if (fd < 0)
			die(text + 1);
		return fd;
	}
	return strtol(text, NULL, 0);
}

static long int80(long number, const long *a)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

/* The kernel takes the number of a call from the lower half of the register. */
static long wide(long number, const long *a)
{
	long result;
	register long fourth asm("r10") = a[3];
	register long fifth asm("r8") = a[4];

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number | 0x5a5a5a5aL << 32), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(fourth),
		       "r"(fifth)
		     : "memory", "rcx", "r11");
	return result;
}

static void call(long (*way)(long, const long *), int count, char **words)
{
	long a[6] = {};
	long result;

	for (int i = 1; i < count && i < 6; i++)
		a[i - 1] = argument(words[i]);
	result = way(strtol(words[0], NULL, 0), a);
	if (result < 0) {
		errno = -result;
		die(words[0]);
	}
}

static void send_files(int socket, int count, char **paths)
{
	char control[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)] = "";
	struct iovec data = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *header = (void *)control;
	int *fds = (int *)CMSG_DATA(header);

	for (int i = 0; i < count && i < DESCRIPTORS_MAX; i++)
		fds[i] = open(paths[i], O_RDWR);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	if (sendmsg(socket, &message, 0) < 0)
		die("sendmsg");
}

/* struct msghdr of 32-bit programs. */
struct message32 {
	uint32_t name, name_len, iov, iov_len, control, control_len, flags;
};

static void receive32(int socket, int by_socketcall)
{
	struct message32 *message = (void *)low(sizeof(*message));
	uint32_t *data = (void *)low(8), *parameters = (void *)low(16);
	long a[6] = { socket, (long)message, 0 };

	memset(message, 0, sizeof(*message));
	data[0] = (uintptr_t)low(8);
	data[1] = 1;
	message->iov = (uintptr_t)data;
	message->iov_len = 1;
	message->control = (uintptr_t)low(4096);
	message->control_len = 4096;
	if (by_socketcall) {
		parameters[0] = socket;
		parameters[1] = (uintptr_t)message;
		parameters[2] = 0;
		a[0] = 17;
		a[1] = (long)parameters;
	}
	if (int80(by_socketcall ? 102 : 372, a) < 0)
		die("recvmsg of 32 bits");
}

static void receive(int socket, const char *way)
{
	char data, control[4096];
	struct iovec io = { .iov_base = &data, .iov_len = 1 };
	struct mmsghdr messages[3] = {};
	int on = 1;

	if (strncmp(way, "int80", 5) == 0) {
		receive32(socket, strcmp(way, "int80-socketcall") == 0);
		return;
	}
	/* Another header in front of that of the descriptors. */
	setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	for (int i = 0; i < 3; i++) {
		messages[i].msg_hdr.msg_iov = &io;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	messages[1].msg_hdr.msg_control = messages[0].msg_hdr.msg_control = control;
	messages[1].msg_hdr.msg_controllen = messages[0].msg_hdr.msg_controllen = sizeof(control);
	if (strcmp(way, "recvmmsg") == 0) {
		messages[0].msg_hdr.msg_control = NULL;
		messages[0].msg_hdr.msg_controllen = 0;
		if (recvmmsg(socket, messages, 3, MSG_DONTWAIT, NULL) < 0)
			die(way);
	} else if (recvmsg(socket, &messages[0].msg_hdr, 0) < 0) {
		die(way);
	}
}

#define RING_ENTRIES 8

struct ring {
	int fd;
	int with_sqpoll;
	unsigned char *memory;
	struct io_uring_sqe *entries;
	struct io_uring_params parameters;
	unsigned int made;
};

static void ring_open(struct ring *ring, const char *how)
{
	struct io_uring_params *p = &ring->parameters;

	ring->with_sqpoll = strstr(how, "sqpoll") != NULL;
	if (ring->with_sqpoll)
		p->flags = IORING_SETUP_SQPOLL;
	if (strstr(how, "untaken"))
		p->flags = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER;
	ring->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, p);
	if (ring->fd < 0)
		die("io_uring_setup");
	/* One mapping for both rings, since 5.4. */
	ring->memory = mmap(NULL, 4096 * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	ring->entries = mmap(NULL, RING_ENTRIES * sizeof(struct io_uring_sqe),
			     PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->memory == MAP_FAILED || ring->entries == MAP_FAILED)
		die("mmap of a ring");
}

static struct io_uring_sqe *ring_entry(struct ring *ring)
{
	struct io_uring_sqe *entry = &ring->entries[ring->made % RING_ENTRIES];
	unsigned int *array = (void *)(ring->memory + ring->parameters.sq_off.array);

	memset(entry, 0, sizeof(*entry));
	array[ring->made % RING_ENTRIES] = ring->made % RING_ENTRIES;
	ring->made++;
	return entry;
}

/* Submits what was entered, and waits for this number of completions. */
static void ring_submit(struct ring *ring, unsigned int entered, unsigned int wait)
{
	unsigned int *tail = (void *)(ring->memory + ring->parameters.sq_off.tail);
	unsigned int *head = (void *)(ring->memory + ring->parameters.sq_off.head);
	unsigned int flags = wait ? IORING_ENTER_GETEVENTS : 0;

	__atomic_store_n(tail, ring->made, __ATOMIC_RELEASE);
	if (ring->with_sqpoll)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring->fd, entered, wait, flags, NULL, 0) < 0)
		die("io_uring_enter");
	while (__atomic_load_n(head, __ATOMIC_ACQUIRE) != ring->made)
		usleep(1000);
}

/* Takes a completion, if there is one. */
static int ring_take(struct ring *ring)
{
	unsigned int *head = (void *)(ring->memory + ring->parameters.cq_off.head);
	unsigned int *tail = (void *)(ring->memory + ring->parameters.cq_off.tail);
	struct io_uring_cqe *entries = (void *)(ring->memory + ring->parameters.cq_off.cqes);
	int result;

	if (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head)
		return -ENODATA;
	result = entries[*head % ring->parameters.cq_entries].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

/* An operation in words: its number, descriptor, length or mode, flags, then what it points to, and where else. */
static void fill(struct io_uring_sqe *entry, char **words)
{
	entry->opcode = strtol(words[0], NULL, 0);
	entry->fd = argument(words[1]);
	entry->len = argument(words[2]);
	entry->open_flags = argument(words[3]);
	entry->addr = argument(words[4]);
	entry->off = argument(words[5]);
	if (entry->opcode == IORING_OP_SETXATTR)
		entry->addr3 = argument(words[6]);
	else
		entry->file_index = argument(words[6]);
	entry->user_data = 7;
}

#define OPERATION_WORDS 7

static int make_room(struct ring *ring)
{
	int none[4] = { -1, -1, -1, -1 };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, none, 4);
}

/* Each operation by itself; `how` is several of: sqpoll, async, skip, overflow, untaken, same, fails. */
static void uring(const char *how, int count, char **words)
{
	struct ring ring = {};
	int skips = strstr(how, "skip") != NULL, overflows = strstr(how, "overflow") != NULL;
	int waits = !skips && !overflows && !strstr(how, "untaken");

	ring_open(&ring, how);
	make_room(&ring);
	/* Completions that nobody takes fill the ring. */
	for (unsigned int i = 0; overflows && i < ring.parameters.cq_entries; i++) {
		ring_entry(&ring);
		ring_submit(&ring, 1, 0);
	}
	for (int i = 0; i + OPERATION_WORDS <= count; i += OPERATION_WORDS) {
		struct io_uring_sqe *entry = ring_entry(&ring);
		int result;

		fill(entry, words + i);
		if (!strstr(how, "same"))
			entry->user_data = i;
		else if (i + 2 * OPERATION_WORDS <= count)
			continue; /* all at once */
		if (strstr(how, "async"))
			entry->flags |= IOSQE_ASYNC;
		if (skips)
			entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
		ring_submit(&ring, strstr(how, "same") ? ring.made : 1, waits);
		if (!waits) {
			/* What is under way is still done, by whoever does it. */
			usleep(100000);
			continue;
		}
		while ((result = ring_take(&ring)) == -ENODATA)
			usleep(1000);
		if (result < 0 && !strstr(how, "fails")) {
			errno = -result;
			die(words[i]);
		}
	}
}

static void rights(const char *way, int count, char **paths)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) < 0)
		die("socketpair");
	if (strcmp(way, "recvmmsg") == 0 && write(sockets[0], "y", 1) != 1)
		die("write");
	send_files(sockets[0], count, paths);
	receive(sockets[1], way);
}

int main(int count, char **words)
{
	if (count > 2 && strcmp(words[1], "int80") == 0)
		call(int80, count - 2, words + 2);
	else if (count > 2 && strcmp(words[1], "wide") == 0)
		call(wide, count - 2, words + 2);
	else if (count > 3 && strcmp(words[1], "rights") == 0)
		rights(words[2], count - 3, words + 3);
	else if (count > 3 && strcmp(words[1], "uring") == 0)
		uring(words[2], count - 3, words + 3);
	else
		return 2;
	return 0;
}
