/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Descriptors that a task received from another process: each is an open, with the flags of the file. A message has
 * them in its control buffer, which belongs to the task: what another thread writes there before the call ends is
 * what is read.
 */
#pragma once

#include "call.h"

#define SOL_SOCKET 1
#define SCM_RIGHTS 1

/* A message has 253 descriptors at most (SCM_MAX_FD), all in one header, and a few other headers. */
#define CONTROL_STEPS_MAX 320
#define MESSAGES_MAX	  1024 /* UIO_MAXIOV */

/* struct msghdr and cmsghdr, as far as they are read. */
struct message {
	__u64 name;
	__u32 name_len;
	__u64 iov;
	__u64 iov_len;
	__u64 control;
	__u64 control_len;
};

struct compat_message {
	__u32 name;
	__u32 name_len;
	__u32 iov;
	__u32 iov_len;
	__u32 control;
	__u32 control_len;
};

/* With the length of the message that recvmmsg(2) puts behind each. */
#define MESSAGE_STRIDE	      64
#define COMPAT_MESSAGE_STRIDE 32

/*
 * Whether a message from `fd` may have brought descriptors: those of local sockets can, and nearly never do. Unreadable
 * by now: it may have.
 */
static __always_inline bool may_have_received(int fd, __u64 address)
{
	__u64 control_len = 1;

	if (DIRECT_LOADS) {
		struct file *file = file_of(current_task(), fd);
		struct socket *socket = file ? VIEW(file)->private_data : NULL;
		struct sock *sock = socket ? VIEW(socket)->sk : NULL;

		if (sock && VIEW(sock)->__sk_common.skc_family != AF_UNIX)
			return false;
	}
	bpf_probe_read_user(&control_len, sizeof(control_len),
			    (void *)address + __builtin_offsetof(struct message, control_len));
	return control_len != 0;
}

static __always_inline void descriptor_received(int fd)
{
	struct task_struct *task = current_task();
	struct file *file = file_of(task, fd);

	/* One that another thread closed meanwhile. */
	if (!file)
		operation_lost(EVENT_OPEN);
	/* Sockets, pipes and what else lies in no tree have no path. */
	else if (!is_internal(real_mount(READ(file, f_path.mnt))))
		descriptor_opened(task, fd, READ(file, f_flags), 0);
}

/* Returns whether it is a header of descriptors; negative: it is not there any more. `bytes`: its size. */
static __always_inline int read_header(struct control *c, __u64 *length, __u32 *bytes)
{
	struct {
		__u32 length;
		__s32 level;
		__s32 type;
	} compat = {};
	struct {
		__u64 length;
		__s32 level;
		__s32 type;
	} native = {};

	if (c->compat) {
		if (bpf_probe_read_user(&compat, sizeof(compat), (void *)c->at) < 0)
			return -1;
		*length = compat.length;
		*bytes = sizeof(compat);
		return compat.level == SOL_SOCKET && compat.type == SCM_RIGHTS;
	}
	if (bpf_probe_read_user(&native, sizeof(native), (void *)c->at) < 0)
		return -1;
	*length = native.length;
	*bytes = sizeof(native);
	return native.level == SOL_SOCKET && native.type == SCM_RIGHTS;
}

/* The next message. One that is not there any more may have had descriptors. */
static __always_inline void read_message(struct control *c)
{
	struct compat_message compat = {};
	struct message native = {};
	long unread;

	if (c->compat) {
		unread = bpf_probe_read_user(&compat, sizeof(compat), (void *)c->message);
		c->at = compat.control;
		c->end = c->at + compat.control_len;
		c->message += COMPAT_MESSAGE_STRIDE;
	} else {
		unread = bpf_probe_read_user(&native, sizeof(native), (void *)c->message);
		c->at = native.control;
		c->end = c->at + native.control_len;
		c->message += MESSAGE_STRIDE;
	}
	c->messages--;
	c->steps = CONTROL_STEPS_MAX;
	if (unread)
		operation_lost(EVENT_OPEN);
}

/* What is left of a message that has more than any may have, or that another thread has taken away. */
static __always_inline void message_lost(struct control *c)
{
	operation_lost(EVENT_OPEN);
	c->descriptors = 0;
	c->at = c->end;
}

static __always_inline void read_control(struct control *c)
{
	__u32 align = c->compat ? 3 : 7, bytes = 0;
	__u64 length = 0;
	int rights = read_header(c, &length, &bytes);

	if (rights < 0) {
		message_lost(c);
		return;
	}
	if (length < bytes || length > c->end - c->at) {
		c->at = c->end;
		return;
	}
	c->next = c->at + ((length + align) & ~(__u64)align);
	c->descriptors = rights ? (length - bytes) / sizeof(int) : 0;
	c->at = c->descriptors ? c->at + bytes : c->next;
}

/* One message, one header, or up to the next descriptor. Returns whether `fd` is one. */
static __always_inline bool next_descriptor(struct control *c, int *fd)
{
	if (!c->descriptors && c->at >= c->end) {
		read_message(c);
		return false;
	}
	if (!c->steps) {
		message_lost(c);
		return false;
	}
	c->steps--;
	if (!c->descriptors) {
		read_control(c);
		return false;
	}
	if (bpf_probe_read_user(fd, sizeof(*fd), (void *)c->at) < 0) {
		message_lost(c);
		return false;
	}
	c->descriptors--;
	c->at = c->descriptors ? c->at + sizeof(*fd) : c->next;
	return true;
}

static __always_inline bool control_step(struct scratch *s, __u32 i)
{
	struct control *c = &s->control;
	int fd = c->taken;

	if (fd < 0 && !c->messages && !c->descriptors && c->at >= c->end)
		return true;
	if (fd >= 0 || next_descriptor(c, &fd))
		descriptor_received(fd);
	return c->taken >= 0;
}

REPEATED(control_rest, control_step)

/* Of the call in s->call. Each descriptor is an event with working memory of its own. */
static __always_inline void descriptors_received(struct scratch *s)
{
	struct control *c = &s->control;
	struct call *call = &s->call;

	__builtin_memset(c, 0, sizeof(*c));
	c->taken = call->nr == NR_pidfd_getfd ? call->result : -1;
	c->message = call->arg[2];
	c->compat = call->compat;
	c->messages = call->nr == NR_recvmmsg ? call->result : 1;
	if (c->messages > MESSAGES_MAX)
		c->messages = MESSAGES_MAX;
	control_rest(s, MESSAGES_MAX * (CONTROL_STEPS_MAX + 2) + 1);
}
