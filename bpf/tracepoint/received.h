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

/* The messages of a call, gone through step by step. */
struct control {
	__u64 message; /* struct msghdr of the task, the next one */
	__u32 messages;
	__u32 steps; /* left for the message */
	__u64 at;
	__u64 end;
	__u64 next; /* header */
	__u32 descriptors;
	__u32 compat;
	__s32 taken; /* the descriptor that came without a message; negative: none */
	__u32 reserved;
};

/*
 * Whether a message from `fd` may have brought descriptors: those of local sockets can, and nearly never do. Unreadable
 * by now: it may have.
 */
static __always_inline bool may_have_received(int fd, __u64 address)
{
	__u64 control_len = 1;

	if (options.direct_loads) {
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

	/* Sockets, pipes and what else lies in no tree have no path. */
	if (file && !is_internal(real_mount(READ(file, f_path.mnt))))
		descriptor_opened(task, fd, READ(file, f_flags), 0);
}

/* Returns whether it is a header of descriptors; `bytes`: its size. */
static __always_inline bool read_header(struct control *c, __u64 *length, __u32 *bytes)
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
		bpf_probe_read_user(&compat, sizeof(compat), (void *)c->at);
		*length = compat.length;
		*bytes = sizeof(compat);
		return compat.level == SOL_SOCKET && compat.type == SCM_RIGHTS;
	}
	bpf_probe_read_user(&native, sizeof(native), (void *)c->at);
	*length = native.length;
	*bytes = sizeof(native);
	return native.level == SOL_SOCKET && native.type == SCM_RIGHTS;
}

/* The next message. */
static __always_inline void read_message(struct control *c)
{
	struct compat_message compat = {};
	struct message native = {};

	if (c->compat) {
		bpf_probe_read_user(&compat, sizeof(compat), (void *)c->message);
		c->at = compat.control;
		c->end = c->at + compat.control_len;
		c->message += COMPAT_MESSAGE_STRIDE;
	} else {
		bpf_probe_read_user(&native, sizeof(native), (void *)c->message);
		c->at = native.control;
		c->end = c->at + native.control_len;
		c->message += MESSAGE_STRIDE;
	}
	c->messages--;
	c->steps = CONTROL_STEPS_MAX;
}

static __always_inline void read_control(struct control *c)
{
	__u32 align = c->compat ? 3 : 7, bytes;
	__u64 length;
	bool rights = read_header(c, &length, &bytes);

	if (length < bytes || length > c->end - c->at) {
		c->at = c->end;
		return;
	}
	c->next = c->at + ((length + align) & ~(__u64)align);
	c->descriptors = rights ? (length - bytes) / sizeof(int) : 0;
	c->at = c->descriptors ? c->at + bytes : c->next;
}

/* What is left of a message that has more than any may have. */
static __always_inline void message_lost(struct control *c)
{
	struct counters *counters = counters_of(EVENT_OPEN);

	if (counters) {
		counters->seen++;
		counters->lost_unreadable++;
	}
	c->descriptors = 0;
	c->at = c->end;
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
	bpf_probe_read_user(fd, sizeof(*fd), (void *)c->at);
	c->descriptors--;
	c->at = c->descriptors ? c->at + sizeof(*fd) : c->next;
	return true;
}

static long control_step(__u32 i, struct control *c)
{
	int fd = c->taken;

	if (fd < 0 && !c->messages && !c->descriptors && c->at >= c->end)
		return 1;
	if (fd >= 0 || next_descriptor(c, &fd))
		descriptor_received(fd);
	return c->taken >= 0;
}

static __always_inline void begin_control(struct control *c, struct call *call)
{
	c->taken = -1;
	if (call->nr == NR_pidfd_getfd) {
		c->taken = call->result;
		return;
	}
	c->message = call->arg[2];
	c->compat = call->compat;
	c->messages = call->nr == NR_recvmmsg ? call->result : 1;
	if (c->messages > MESSAGES_MAX)
		c->messages = MESSAGES_MAX;
}

static __always_inline void descriptors_received(struct control *c)
{
	forget(c, sizeof(*c));
	bpf_loop(MESSAGES_MAX * (CONTROL_STEPS_MAX + 2) + 1, control_step, c, 0);
}
