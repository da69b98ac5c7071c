/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Life of processes: fork, exec and exit records, from which the agent keeps its process table. They share
 * the ring with file events, so a file event never overtakes the exec that explains it. Never filtered: the
 * agent gets all of them, the tenants whose rules judge exec or exit stand in the record.
 */
#pragma once

#include "lib/emit.h"

static __always_inline struct scratch *process_begin(__u32 type)
{
	struct counters *c = counters_of(type);
	struct scratch *s;

	if (!c)
		return NULL;
	c->seen++;
	s = scratch_claim();
	if (!s) {
		c->lost_no_scratch++;
		return NULL;
	}
	__builtin_memset(s->record, 0, sizeof(struct file_record));
	s->type = type;
	s->flags = 0;
	s->slot = current_slot();
	return s;
}

static __always_inline void process_end(struct scratch *s, __u32 size)
{
	struct record *r = (void *)s->record;
	struct generation *g = generation_in(s->slot);
	struct counters *c = counters_of(s->type);

	if (g && s->type < EVENT_TYPES) {
		r->generation = g->generation;
		r->tenants = g->interest[s->type].tenants;
	}
	if (c && send(s, c, size))
		c->passed++;
	scratch_release(s);
}

SEC("tp_btf/sched_process_fork")
int process_fork(__u64 *ctx)
{
	struct task_struct *forker = (void *)ctx[0], *child = (void *)ctx[1];
	struct fork_record *r;
	struct scratch *s;

	if (BPF_CORE_READ(child, tgid) != BPF_CORE_READ(child, pid))
		return 0; /* a thread */
	s = process_begin(PROCESS_FORK);
	if (!s)
		return 0;
	r = (void *)s->record;
	fill_head(&r->head, child, PROCESS_FORK);
	r->forker_tgid = BPF_CORE_READ(forker, tgid);
	r->forker_start_ns = BPF_CORE_READ(forker, group_leader, start_boottime);
	process_end(s, sizeof(*r));
	return 0;
}

SEC("tp_btf/sched_process_exec")
int process_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct linux_binprm *binprm = (void *)ctx[2];
	struct path path = BPF_CORE_READ(binprm, file, f_path);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long args = BPF_CORE_READ(mm, arg_start);
	unsigned long bytes = BPF_CORE_READ(mm, arg_end) - args;
	struct exec_record *r;
	struct scratch *s;
	__u32 end;

	s = process_begin(PROCESS_EXEC);
	if (!s)
		return 0;
	r = (void *)s->record;
	path_start(s, sizeof(*r), 0);
	push_path(s, &path);
	end = path_finish(s, &r->path_len);
	if (s->truncated)
		r->head.flags |= FLAG_PATH_TRUNCATED;
	if (bytes > ARGS_BYTES_MAX) {
		bytes = ARGS_BYTES_MAX;
		r->head.flags |= FLAG_ARGS_TRUNCATED;
	}
	/* end is at most the path's end padded; ARGS_BYTES_MAX more bytes fit behind one path of two. */
	if (end > sizeof(*r) + PATH_BYTES_MAX + 9) {
		event_lost(s);
		return 0;
	}
	if (bpf_probe_read_user(&s->record[end], bytes, (void *)args) < 0) {
		bytes = 0;
		r->head.flags |= FLAG_ARGS_TRUNCATED;
	}
	r->args_len = bytes;
	*(__u64 *)&s->record[end + bytes] = 0;
	fill_head(&r->head, task, PROCESS_EXEC);
	process_end(s, (end + bytes + 7) & ~7U);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct record *r;
	struct scratch *s;

	stash_drop();
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0; /* other threads go on */
	s = process_begin(PROCESS_EXIT);
	if (!s)
		return 0;
	r = (void *)s->record;
	fill_head(r, task, PROCESS_EXIT);
	r->retval = BPF_CORE_READ(task, exit_code);
	process_end(s, sizeof(*r));
	return 0;
}
