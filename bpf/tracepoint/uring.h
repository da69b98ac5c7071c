/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * io_uring, through its tracepoints. A request is read when it has been submitted, from the kernel's own copy of its
 * names, and told when it is completed: a file that was opened is resolved from the descriptor, whatever else by name.
 *
 * Its outcome may never come: a completion for which the ring has no room, and a successful one that was asked not to
 * be told (IOSQE_CQE_SKIP_SUCCESS), pass the tracepoint by. The former is told by a tracepoint of its own; the latter is
 * taken for a success when it is submitted. So are those that find no room to wait.
 */
#pragma once

#include "../include/uring.h"
#include "operation.h"
#include "call.h"

#define IORING_OP_OPENAT    18
#define IORING_OP_OPENAT2   28
#define IORING_OP_RENAMEAT  35
#define IORING_OP_UNLINKAT  36
#define IORING_OP_MKDIRAT   37
#define IORING_OP_SYMLINKAT 38
#define IORING_OP_LINKAT    39
#define IORING_OP_FSETXATTR 41
#define IORING_OP_SETXATTR  42

#define OP_BIT(op) (1ULL << (op))
#define OPERATIONS                                                                              \
	(OP_BIT(IORING_OP_OPENAT) | OP_BIT(IORING_OP_OPENAT2) | OP_BIT(IORING_OP_RENAMEAT) |    \
	 OP_BIT(IORING_OP_UNLINKAT) | OP_BIT(IORING_OP_MKDIRAT) | OP_BIT(IORING_OP_SYMLINKAT) | \
	 OP_BIT(IORING_OP_LINKAT) | OP_BIT(IORING_OP_FSETXATTR) | OP_BIT(IORING_OP_SETXATTR))

/* Flags of a request; the lowest are IOSQE_*. */
#define REQ_F_FIXED_FILE 1
#define REQ_F_CQE_SKIP	 (1 << 6)

/* The string of a struct filename *, which lies in a struct of its own since 7.0. */
static __always_inline __u64 name_of(void *cmd, __u32 offset)
{
	struct filename *name = read_pointer(cmd + offset);

	return name ? (__u64)READ(name, name) : 0;
}

#define NAME(type, cmd, field)                                           \
	name_of(cmd, bpf_core_field_exists(((struct type *)0)->field)    \
			     ? bpf_core_field_offset(struct type, field) \
			     : bpf_core_field_offset(struct type##___delayed, field))

static __always_inline void read_open(struct operation *op, struct io_open *open)
{
	op->type = EVENT_OPEN;
	op->fd = READ(open, dfd);
	op->name = NAME(io_open, (void *)open, filename);
	op->flags = READ(open, how.flags);
	op->in_root = READ(open, how.resolve) & RESOLVE_IN_ROOT;
	op->follows = !(op->flags & O_NOFOLLOW);
	if (op->flags & (O_CREAT | O_TMPFILE_BIT))
		op->mode = READ(open, how.mode) & MODE_BITS;
}

static __always_inline void read_unlink(struct operation *op, struct io_unlink *unlink)
{
	op->type = READ(unlink, flags) & AT_REMOVEDIR ? EVENT_RMDIR : EVENT_UNLINK;
	op->fd = READ(unlink, dfd);
	op->name = NAME(io_unlink, (void *)unlink, filename);
}

static __always_inline void read_mkdir(struct operation *op, struct io_mkdir *mkdir)
{
	op->type = EVENT_MKDIR;
	op->fd = READ(mkdir, dfd);
	op->mode = READ(mkdir, mode) & MODE_BITS;
	op->name = NAME(io_mkdir, (void *)mkdir, filename);
}

static __always_inline void read_rename(struct operation *op, struct io_rename *rename)
{
	op->type = EVENT_RENAME;
	op->fd = READ(rename, old_dfd);
	op->dest_fd = READ(rename, new_dfd);
	op->flags = READ(rename, flags);
	op->name = NAME(io_rename, (void *)rename, oldpath);
	op->dest_name = NAME(io_rename, (void *)rename, newpath);
}

static __always_inline void read_uring_link(struct operation *op, struct io_link *link,
					    bool symbolic)
{
	op->type = EVENT_LINK;
	op->symbolic = symbolic;
	op->fd = READ(link, old_dfd);
	op->dest_fd = READ(link, new_dfd);
	op->follows = READ(link, flags) & AT_SYMLINK_FOLLOW;
	op->name = NAME(io_link, (void *)link, oldpath);
	op->dest_name = NAME(io_link, (void *)link, newpath);
}

static __always_inline void read_xattr(struct operation *op, struct io_xattr *xattr, int fd)
{
	op->type = EVENT_SETXATTR;
	op->fd = fd;
	op->follows = true;
	op->flags = READ(xattr, ctx.flags);
	op->text_kind = TEXT_KERNEL;
	op->text = (__u64)READ(xattr, ctx.kname);
	if (fd == AT_FDCWD)
		op->name = NAME(io_xattr, (void *)xattr, filename);
}

/* Reads the request by its kind. `req` is a pointer that the verifier knows, `cmd` what is particular to the kind. */
static __always_inline void read_request(struct operation *op, struct io_kiocb *req, void *cmd)
{
	switch (req->opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		read_open(op, cmd);
		break;
	case IORING_OP_UNLINKAT:
		read_unlink(op, cmd);
		break;
	case IORING_OP_MKDIRAT:
		read_mkdir(op, cmd);
		break;
	case IORING_OP_RENAMEAT:
		read_rename(op, cmd);
		break;
	case IORING_OP_SYMLINKAT:
		read_uring_link(op, cmd, true);
		break;
	case IORING_OP_LINKAT:
		read_uring_link(op, cmd, false);
		break;
	case IORING_OP_SETXATTR:
		read_xattr(op, cmd, AT_FDCWD);
		break;
	case IORING_OP_FSETXATTR:
		read_xattr(op, cmd, req->cqe.fd);
		op->unknown = req->flags & REQ_F_FIXED_FILE;
		break;
	}
}

/* The type that a request counts as where there is no room to read it. */
static __always_inline __u32 request_type(__u8 opcode)
{
	switch (opcode) {
	case IORING_OP_UNLINKAT:
		return EVENT_UNLINK;
	case IORING_OP_MKDIRAT:
		return EVENT_MKDIR;
	case IORING_OP_RENAMEAT:
		return EVENT_RENAME;
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT:
		return EVENT_LINK;
	case IORING_OP_SETXATTR:
	case IORING_OP_FSETXATTR:
		return EVENT_SETXATTR;
	}
	return EVENT_OPEN;
}

/* Sends the record that waits at a place, if one does. A global function for the reason that lib/path.h gives. */
GLOBAL int request_send(__u32 place, __u32 type, __s32 result)
{
	struct deferred *waiting = place ? deferred_at(place) : NULL;
	struct counters *c = counters_of(type);
	struct generation *g = generation_in(current_slot());
	struct record *r;
	__u32 size;

	if (!waiting || !c || !g || type >= EVENT_TYPES)
		return 0;
	size = waiting->size;
	r = (void *)waiting->record;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->retval = result < 0 ? result : 0;
	if (r->retval)
		r->flags &= ~FLAG_CREATED;
	/* Other rules are in force by now: theirs is to say. */
	if (r->generation != g->generation) {
		r->generation = g->generation;
		r->tenants = g->interest[type].tenants;
	}
	c->seen++;
	if (size > RECORD_BYTES_MAX || bpf_ringbuf_output(&records, r, size, 0) < 0)
		c->lost_ring_full++;
	else
		c->passed++;
	return 0;
}

static __always_inline void request_leave(__u32 place)
{
	struct deferred *left = place ? deferred_at(place) : NULL;

	if (left)
		release(&left->busy);
}

/* Of a request that is two events, the second one has a place of its own: addresses of requests are even. */
#define SECOND(key) ((key) | 1)

/* Tells and forgets a request that has its outcome. Returns whether it is two events. A global function like those of lib/path.h. */
GLOBAL int request_end(__u64 key, __s32 result)
{
	struct request *found = bpf_map_lookup_elem(&requests, &key), request;

	if (!found)
		return 0;
	request = *found;
	bpf_map_delete_elem(&requests, &key);
	/* Where the process has ended, there is no descriptor any more. */
	if (request.type == EVENT_OPEN && result >= 0 && !request.direct &&
	    !(request.place && !file_of(current_task(), result)))
		descriptor_opened(current_task(), result, request.flags, request.mode);
	else if (is_reported(result))
		request_send(request.place, request.type, result);
	request_leave(request.place);
	return request.type == EVENT_RENAME && request.flags & RENAME_EXCHANGE;
}

/* Remembers a request, so that its event can wait. One that was forgotten at the same place is told first. */
static __always_inline bool request_begin(__u64 key, struct io_kiocb *req, struct operation *op,
					  void *cmd)
{
	struct request request = { .type = op->type, .flags = op->flags, .mode = op->mode };
	struct request *old = bpf_map_lookup_elem(&requests, &key);
	struct counters *counters = counters_of(op->type);

	if (old) {
		request_send(old->place, old->type, 0);
		request_leave(old->place);
	}
	request.ring = (__u64)req->ctx;
	request.user_data = req->cqe.user_data;
	if (op->type == EVENT_OPEN)
		request.direct = READ((struct io_open *)cmd, file_slot) != 0;
	if (bpf_map_update_elem(&requests, &key, &request, BPF_ANY) == 0)
		return true;
	/* An open through a symbolic link is lost with its descriptor. */
	if (op->type == EVENT_OPEN && counters) {
		counters->seen++;
		counters->lost_no_stash++;
	}
	return false;
}

/* Judges one event of a request, and lets it wait if it passes. */
static __always_inline void request_judge(__u64 key, struct io_kiocb *req, struct scratch *s,
					  void *cmd)
{
	struct operation *op = &s->operation;
	struct request *request;

	op->request = 0;
	if (!(req->flags & REQ_F_CQE_SKIP) && interested(current_slot(), op->type, op->flags) &&
	    request_begin(key, req, op, cmd))
		op->request = key;
	operation_done(s);
	/* An open waits for its descriptor in any case. */
	request = op->request ? bpf_map_lookup_elem(&requests, &key) : NULL;
	if (request && !request->place && request->type != EVENT_OPEN)
		bpf_map_delete_elem(&requests, &key);
}

static __always_inline void request_submitted(__u64 *ctx)
{
	struct io_kiocb *req = (void *)ctx[0];
	struct scratch *s;
	__u64 key = 0;
	void *cmd;

	if (req->opcode > 63 || !(OPERATIONS >> req->opcode & 1))
		return;
	/* As a number: the verifier does not calculate with pointers that it knows. */
	bpf_probe_read_kernel(&key, sizeof(key), ctx);
	cmd = (void *)key + bpf_core_field_offset(struct io_kiocb, cmd);
	s = operation_begin(request_type(req->opcode));
	if (!s)
		return;
	s->operation.kernel_strings = true;
	read_request(&s->operation, req, cmd);
	request_judge(key, req, s, cmd);
	if (is_exchange(&s->operation)) {
		exchange(&s->operation);
		request_judge(SECOND(key), req, s, cmd);
	}
	scratch_release(s);
}

SEC("tp_btf/io_uring_submit_req")
int uring_submit_req(__u64 *ctx)
{
	request_submitted(ctx);
	return 0;
}

/* The same before 6.4. */
SEC("tp_btf/io_uring_submit_sqe")
int uring_submit_sqe(__u64 *ctx)
{
	request_submitted(ctx);
	return 0;
}

/* io_uring_complete(ring, request, completion); before 6.14 (ring, request, user_data, result, ...). */
SEC("tp_btf/io_uring_complete")
int uring_complete(__u64 *ctx)
{
	__s32 result = options.completes_by_cqe ? ((struct io_uring_cqe *)ctx[2])->res : ctx[3];

	if (request_end(ctx[1], result))
		request_end(SECOND(ctx[1]), result);
	return 0;
}

struct overflow {
	__u64 ring;
	__u64 user_data;
	__s32 result;
	__u32 candidates;
};

static __always_inline bool may_be(struct overflow *o, struct request *request)
{
	return request->ring == o->ring && request->user_data == o->user_data;
}

static long overflow_count(void *map, const __u64 *key, struct request *request, struct overflow *o)
{
	if (may_be(o, request))
		o->candidates++;
	return 0;
}

/*
 * Which of the requests with this mark it was is not told. All that it may have been are taken for successful. If there
 * are several, an open among them goes on waiting for its descriptor.
 */
static long overflow_step(void *map, const __u64 *key, struct request *request, struct overflow *o)
{
	struct request told;

	if (!may_be(o, request))
		return 0;
	told = *request;
	if (told.type == EVENT_OPEN && !told.direct) {
		if (o->result >= 0)
			descriptor_opened(current_task(), o->result, told.flags, told.mode);
		else
			request_send(told.place, told.type, 0);
		if (o->candidates > 1)
			return 0;
	} else {
		request_send(told.place, told.type, 0);
	}
	request_leave(told.place);
	bpf_map_delete_elem(&requests, key);
	return 0;
}

SEC("tp_btf/io_uring_cqe_overflow")
int uring_overflow(__u64 *ctx)
{
	struct overflow o = { .ring = ctx[0], .user_data = ctx[1], .result = (__s32)ctx[2] };

	forget(&o, sizeof(o));
	bpf_for_each_map_elem(&requests, overflow_count, &o, 0);
	forget(&o, sizeof(o));
	if (o.candidates)
		bpf_for_each_map_elem(&requests, overflow_step, &o, 0);
	return 0;
}
