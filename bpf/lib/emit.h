/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Fills records and hands them to the agent, counting what can't be handed over. */
#pragma once

#include "path.h"

static __always_inline void fill_head(struct record *r, struct task_struct *task, __u16 type)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);

	r->type = type;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	r->cgroup_id = bpf_get_current_cgroup_id();
	r->tgid = BPF_CORE_READ(task, tgid);
	r->tid = BPF_CORE_READ(task, pid);
	r->ppid = BPF_CORE_READ(task, real_parent, tgid);
	r->uid = BPF_CORE_READ(cred, uid.val);
	r->gid = BPF_CORE_READ(cred, gid.val);
	r->euid = BPF_CORE_READ(cred, euid.val);
	r->egid = BPF_CORE_READ(cred, egid.val);
	r->fsuid = BPF_CORE_READ(cred, fsuid.val);
	r->fsgid = BPF_CORE_READ(cred, fsgid.val);
	r->auid = bpf_core_field_exists(task->loginuid) ? BPF_CORE_READ(task, loginuid.val) : ~0U;
	r->mount_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	r->pid_ns = BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum);
	bpf_probe_read_kernel(r->comm, sizeof(r->comm), task->comm);
}

/* The kernel's dev_t has 20 bits of minor number; user space knows new_encode_dev(). */
static __always_inline __u32 user_dev(__u32 dev)
{
	__u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12;
}

#define NS_PER_SECOND 1000000000ULL

/* Reads a time of an inode, in nanoseconds since the epoch, however this kernel calls it. */
#define INODE_TIME(inode, which)                                                               \
	({                                                                                     \
		struct inode___hidden *hidden = (void *)(inode);                               \
		struct inode___old *old = (void *)(inode);                                     \
		struct timespec64 t = {};                                                      \
		if (bpf_core_field_exists((inode)->i_##which##_sec)) {                         \
			t.tv_sec = BPF_CORE_READ(inode, i_##which##_sec);                      \
			t.tv_nsec = BPF_CORE_READ(inode, i_##which##_nsec) & ~I_CTIME_QUERIED; \
		} else if (bpf_core_field_exists(hidden->__i_##which)) {                       \
			t.tv_sec = BPF_CORE_READ(hidden, __i_##which.tv_sec);                  \
			t.tv_nsec = BPF_CORE_READ(hidden, __i_##which.tv_nsec);                \
		} else if (bpf_core_field_exists(old->i_##which)) {                            \
			t.tv_sec = BPF_CORE_READ(old, i_##which.tv_sec);                       \
			t.tv_nsec = BPF_CORE_READ(old, i_##which.tv_nsec);                     \
		}                                                                              \
		t.tv_sec *NS_PER_SECOND + t.tv_nsec;                                           \
	})

/* Overlayfs keeps its inodes in struct ovl_inode, where the dentry in the upper layer follows the inode. */
static __always_inline bool in_upper_layer(struct super_block *sb, struct inode *inode)
{
	void *upper = NULL;

	if (BPF_CORE_READ(sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper != NULL;
}

/* Describes the file of an event, as it is now. */
__noinline int fill_file(struct file_record *r, __u64 vfsmount, __u64 inode_address)
{
	struct inode *inode = (void *)inode_address;
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);

	if (!r)
		return 0;
	r->head.flags &= ~FLAG_ATTRIBUTES_UNKNOWN;
	r->inode = BPF_CORE_READ(inode, i_ino);
	r->dev = user_dev(BPF_CORE_READ(sb, s_dev));
	r->mode = BPF_CORE_READ(inode, i_mode);
	r->uid = BPF_CORE_READ(inode, i_uid.val);
	r->gid = BPF_CORE_READ(inode, i_gid.val);
	r->mount_id = BPF_CORE_READ(real_mount((void *)vfsmount), mnt_id);
	r->mtime_ns = INODE_TIME(inode, mtime);
	r->ctime_ns = INODE_TIME(inode, ctime);
	bpf_probe_read_kernel_str(r->filesystem, sizeof(r->filesystem),
				  BPF_CORE_READ(sb, s_type, name));
	if (in_upper_layer(sb, inode))
		r->head.flags |= FLAG_IN_UPPER_LAYER;
	return 0;
}

/* Ends a record of `size` bytes, which start record[]. */
static __always_inline bool send(struct scratch *s, struct counters *c, __u32 size)
{
	struct record *r = (struct record *)s->record;

	if (size > RECORD_BYTES_MAX) {
		c->lost_unreadable++;
		return false;
	}
	r->size = size;
	if (bpf_ringbuf_output(&records, s->record, size, 0) < 0) {
		c->lost_ring_full++;
		return false;
	}
	return true;
}

/*
 * Begins a file event: interest, then working memory. On success the fixed part of the record is cleared
 * and the first path can be built at its end; the caller finishes with event_end().
 */
static __always_inline struct scratch *event_begin(__u32 type, __u32 flags)
{
	__u32 slot = current_slot();
	struct file_record *r;
	struct counters *c;
	struct scratch *s;

	if (options.agent_tgid && (__u32)(bpf_get_current_pid_tgid() >> 32) == options.agent_tgid)
		return NULL;
	if (!interested(slot, type, flags))
		return NULL;
	s = scratch_claim();
	if (!s) {
		c = counters_of(type);
		if (c)
			c->lost_no_scratch++;
		return NULL;
	}
	r = (void *)s->record;
	__builtin_memset(r, 0, sizeof(*r));
	r->head.flags = FLAG_ATTRIBUTES_UNKNOWN;
	s->type = type;
	s->flags = flags;
	s->slot = slot;
	s->subject_inode = 0;
	path_start(s, sizeof(struct file_record), 0);
	return s;
}

/* Names the file that the event is about. It is described only if the event passes. */
static __always_inline void event_subject(struct scratch *s, struct vfsmount *mnt,
					  struct inode *inode)
{
	s->subject_mnt = (__u64)mnt;
	s->subject_inode = (__u64)inode;
}

/* Ends the first path and begins the destination path behind it. Returns the tenants it approves. */
static __always_inline __u64 event_next_path(struct scratch *s)
{
	struct file_record *r = (struct file_record *)s->record;
	__u64 tenants = path_approved(s);

	if (s->truncated)
		r->head.flags |= FLAG_PATH_TRUNCATED;
	path_start(s, path_finish(s, &r->path_len), APPROVER_DESTINATION);
	return tenants;
}

/* Judges by the approvers and sends what passes. `tenants`: approved so far, by an earlier path. */
static __always_inline void event_end(struct scratch *s, __u64 tenants)
{
	struct file_record *r = (struct file_record *)s->record;
	struct generation *g = generation_in(s->slot);
	struct counters *c = counters_of(s->type);
	struct interest *i;
	__u32 end;

	if (!g || !c || s->type >= EVENT_TYPES)
		goto out;
	i = &g->interest[s->type];
	tenants |= path_approved(s);
	if (s->truncated)
		r->head.flags |= s->kind ? FLAG_DEST_TRUNCATED : FLAG_PATH_TRUNCATED;
	if (flags_fit(i->unfiltered_flags_any, s->flags))
		tenants |= i->unfiltered;
	if (r->head.flags & (FLAG_PATH_TRUNCATED | FLAG_DEST_TRUNCATED)) {
		tenants = i->tenants;
		c->truncated++;
	}
	if (!tenants) {
		c->dropped_approver++;
		goto out;
	}
	end = path_finish(s, s->kind ? &r->dest_len : &r->path_len);
	fill_head(&r->head, (void *)bpf_get_current_task(), s->type);
	if (s->subject_inode)
		fill_file(r, s->subject_mnt, s->subject_inode);
	r->head.tenants = tenants;
	r->head.generation = g->generation;
	r->op_flags = s->flags;
	if (send(s, c, end))
		c->passed++;
out:
	scratch_release(s);
}

/* Gives up an event whose objects could not be read. */
static __always_inline void event_lost(struct scratch *s)
{
	struct counters *c = counters_of(s->type);

	if (c)
		c->lost_unreadable++;
	scratch_release(s);
}
