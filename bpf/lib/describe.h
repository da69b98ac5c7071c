/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel's structures say of the acting task and of a file, in the terms of a record. */
#pragma once

#include "path.h"

#define PF_IO_WORKER 0x10

/* `task` is a pointer that the verifier knows: where it can be, it is read without a helper. */
static __always_inline void fill_head(struct record *r, struct task_struct *task, __u16 type)
{
	/* Workers of io_uring act for their process. */
	struct task_struct *actor =
		KNOWN(task, flags) & PF_IO_WORKER ? KNOWN(task, group_leader) : task;
	const struct cred *cred = KNOWN(task, cred);
	struct nsproxy *namespaces = KNOWN(task, nsproxy);

	r->type = type;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->process_start_ns = KNOWN(task, group_leader, start_boottime);
	r->cgroup_id = bpf_get_current_cgroup_id();
	r->tgid = KNOWN(task, tgid);
	r->tid = KNOWN(actor, pid);
	r->ppid = KNOWN(task, real_parent, tgid);
	r->uid = KNOWN(cred, uid.val);
	r->gid = KNOWN(cred, gid.val);
	r->euid = KNOWN(cred, euid.val);
	r->egid = KNOWN(cred, egid.val);
	r->fsuid = KNOWN(cred, fsuid.val);
	r->fsgid = KNOWN(cred, fsgid.val);
	r->auid = bpf_core_field_exists(task->loginuid) ? KNOWN(task, loginuid.val) : ~0U;
	r->mount_ns = KNOWN(namespaces, mnt_ns, ns.inum);
	r->pid_ns = KNOWN(namespaces, pid_ns_for_children, ns.inum);
	bpf_probe_read_kernel(r->comm, sizeof(r->comm), actor->comm);
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

/* Describes the file of an event, as it is now. A global function for the reason that lib/path.h gives. */
GLOBAL int fill_file(struct file_record *r, __u64 vfsmount, __u64 dentry_address)
{
	struct dentry *dentry = (void *)dentry_address;
	struct inode *inode = READ(dentry, d_inode);
	struct super_block *sb = READ(inode, i_sb);

	if (!r || !inode)
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

/* Flags of a buffer of a pipe; `at` as in pipe->head, which grows without bound. */
static __always_inline __u32 buffer_flags(struct pipe_inode_info *pipe, __u32 at)
{
	__u32 mask = BPF_CORE_READ(pipe, ring_size) - 1;
	struct pipe_buffer *buffers = BPF_CORE_READ(pipe, bufs), *buffer;

	buffer = (void *)buffers + (__u64)(at & mask) * bpf_core_type_size(struct pipe_buffer);
	return BPF_CORE_READ(buffer, flags);
}

/* Of the buffer that is read next. */
static __always_inline __u32 next_buffer_flags(struct pipe_inode_info *pipe)
{
	return buffer_flags(pipe, BPF_CORE_READ(pipe, tail));
}

/* Of the buffer that was used up last. */
static __always_inline __u32 used_buffer_flags(struct pipe_inode_info *pipe)
{
	return buffer_flags(pipe, BPF_CORE_READ(pipe, tail) - 1);
}

/* Of the buffer that was written last. */
static __always_inline __u32 last_buffer_flags(struct pipe_inode_info *pipe)
{
	return buffer_flags(pipe, BPF_CORE_READ(pipe, head) - 1);
}

/* As numbers to the verifier. */
static __always_inline struct path path_of(struct file *file)
{
	struct path path;

	path.mnt = (void *)READ_NUMBER(file, f_path.mnt);
	path.dentry = (void *)READ_NUMBER(file, f_path.dentry);
	return path;
}

#define MODE_BITS 07777
#define S_IFIFO	  0010000
#define S_IFREG	  0100000
#define S_IFSOCK  0140000

static __always_inline bool was_created(struct file *file)
{
	return READ(file, f_mode) & FMODE_CREATED;
}

static __always_inline __u32 file_format(struct file *file)
{
	return BPF_CORE_READ(file, f_path.dentry, d_inode, i_mode) & S_IFMT;
}

/* The two ends of a splice. */
struct spliced {
	struct file *file;	      /* the one that is no pipe; NULL: none, or a socket */
	struct pipe_inode_info *read; /* pipe that was read from, if any */
	struct pipe_inode_info *written;
};

static __always_inline struct spliced spliced_files(struct file *in, struct file *out)
{
	struct spliced s = {};

	if (file_format(in) == S_IFIFO)
		s.read = BPF_CORE_READ(in, private_data);
	if (file_format(out) == S_IFIFO)
		s.written = BPF_CORE_READ(out, private_data);
	if (!s.read == !s.written)
		return s;
	s.file = s.read ? out : in;
	if (file_format(s.file) == S_IFSOCK)
		s.file = NULL;
	return s;
}

/* mount(2), include/uapi/linux/mount.h. */
#define MS_REMOUNT		(1 << 5)
#define MS_BIND			(1 << 12)
#define MS_MOVE			(1 << 13)
#define MS_PROPAGATION		(0xf << 17)
#define MS_MGC_VAL		0xc0ed0000
#define MS_MGC_MSK		0xffff0000
#define MOVE_MOUNT_F_EMPTY_PATH 0x4
#define MOVE_MOUNT_SET_GROUP	0x100

enum mount_kind {
	MOUNT_NOTHING,
	MOUNT_NEW,
	MOUNT_BIND,
	MOUNT_MOVED
};

/* What mount(2) with these flags does, as path_mount() decides. A remount or new propagation mounts nothing. */
static __always_inline enum mount_kind mount_kind(__u64 flags)
{
	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(__u64)MS_MGC_MSK;
	if (flags & MS_REMOUNT)
		return MOUNT_NOTHING;
	if (flags & MS_BIND)
		return MOUNT_BIND;
	if (flags & MS_PROPAGATION)
		return MOUNT_NOTHING;
	return flags & MS_MOVE ? MOUNT_MOVED : MOUNT_NEW;
}

#define RB_DEPTH_MAX 64

/* The mount that was added last to the task's namespace. NULL: not to be found. */
static __always_inline struct mount *newest_mount(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mnt_namespace *ns = BPF_CORE_READ(task, nsproxy, mnt_ns);
	struct mnt_namespace___list *old = (void *)ns;
	struct rb_node *node, *right;

	if (bpf_core_field_exists(old->list)) {
		__u64 last = (__u64)BPF_CORE_READ(old, list.prev);

		return (void *)last - __builtin_preserve_field_info(((struct mount *)0)->mnt_list,
								    BPF_FIELD_BYTE_OFFSET);
	}
	node = BPF_CORE_READ(ns, mounts.rb_node);
	for (int i = 0; i < RB_DEPTH_MAX && node; i++) {
		right = BPF_CORE_READ(node, rb_right);
		if (!right)
			return (void *)node -
			       __builtin_preserve_field_info(((struct mount *)0)->mnt_node,
							     BPF_FIELD_BYTE_OFFSET);
		node = right;
	}
	return NULL;
}
