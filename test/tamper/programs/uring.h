// SPDX-License-Identifier: Apache-2.0
/* One operation by io_uring(7), by its system calls alone. */
#pragma once

#include "tamper.h"
#include <linux/io_uring.h>

struct ring {
	int fd;
	struct io_uring_params params;
	char *submission, *completion;
	struct io_uring_sqe *sqes;
};

static struct ring uring_open(unsigned int flags)
{
	struct ring ring = { .params = { .flags = flags } };
	struct io_uring_params *p = &ring.params;

	ring.fd = syscall(SYS_io_uring_setup, 4, p);
	/* Where an administrator has turned it off (kernel.io_uring_disabled), it is as good as missing. */
	if (ring.fd < 0 && (errno == ENOSYS || errno == EPERM))
		unsupported("io_uring_setup");
	must(ring.fd);
	ring.submission = mmap(NULL, p->sq_off.array + p->sq_entries * 4, PROT_READ | PROT_WRITE,
			       MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	ring.completion = mmap(NULL, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
			       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, p->sq_entries * sizeof(*ring.sqes), PROT_READ | PROT_WRITE,
			 MAP_SHARED, ring.fd, IORING_OFF_SQES);
	if (ring.submission == MAP_FAILED || ring.completion == MAP_FAILED ||
	    ring.sqes == MAP_FAILED)
		must(-1);
	return ring;
}

/* Returns what the operation returns, which this kernel may lack. */
static int uring_submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	struct io_uring_params *p = &ring->params;
	unsigned int *tail = (void *)(ring->submission + p->sq_off.tail);
	unsigned int *head = (void *)(ring->completion + p->cq_off.head);
	struct io_uring_cqe *completed = (void *)(ring->completion + p->cq_off.cqes);
	unsigned int flags = IORING_ENTER_GETEVENTS;
	int result;

	ring->sqes[*tail % p->sq_entries] = *sqe;
	((unsigned int *)(ring->submission + p->sq_off.array))[*tail % p->sq_entries] =
		*tail % p->sq_entries;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (p->flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	must(syscall(SYS_io_uring_enter, ring->fd, 1, 1, flags, NULL, 0));
	result = completed[*head % p->cq_entries].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	if (result < 0) {
		errno = -result;
		result = -1;
	}
	return need(result);
}

static __attribute__((unused)) int uring(struct io_uring_sqe sqe)
{
	struct ring ring = uring_open(0);

	return uring_submit(&ring, &sqe);
}
