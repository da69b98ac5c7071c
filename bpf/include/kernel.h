/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The few kernel structures that the programs read, reduced to the fields they use. libbpf relocates
 * every access against the running kernel's BTF (CO-RE), so neither order nor size matter here.
 */
#pragma once

#include <linux/types.h>

#define CORE __attribute__((preserve_access_index))

#define MAX_ERRNO     4095 /* pointers above -MAX_ERRNO are errors */
#define FMODE_CREATED 0x100000

#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define I_CTIME_QUERIED	      (1U << 31) /* in i_ctime_nsec, since 6.13 */

struct ns_common {
	unsigned int inum;
} CORE;

struct list_head {
	struct list_head *next;
	struct list_head *prev;
} CORE;

struct hlist_node {
	struct hlist_node *next;
} CORE;

struct hlist_head {
	struct hlist_node *first;
} CORE;

struct hlist_bl_node {
	struct hlist_bl_node **pprev; /* NULL: in no list */
} CORE;

struct rb_node {
	struct rb_node *rb_right;
} CORE;

struct rb_root {
	struct rb_node *rb_node;
} CORE;

struct mount;

struct mnt_namespace {
	struct ns_common ns;
	struct mount *root;
	struct rb_root mounts; /* by age, since 6.8 */
	__u64 event;	       /* another one after each change of its mounts */
} CORE;

/* Before. */
struct mnt_namespace___list {
	struct list_head list;
} CORE;

struct pid_namespace {
	struct ns_common ns;
} CORE;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
} CORE;

struct qstr {
	__u32 len;
	const unsigned char *name;
} CORE;

typedef struct {
	__u32 val;
} kuid_t;

struct file_system_type {
	const char *name;
} CORE;

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
	struct file_system_type *s_type;
	struct mount *s_mounts; /* the newest first, since 6.18 */
} CORE;

/* Before: the oldest first. */
struct super_block___list {
	struct list_head s_mounts;
} CORE;

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
} CORE;

struct seqcount {
	unsigned int sequence;
} CORE;

struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	kuid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	struct hlist_head i_dentry; /* its names */
	__u32 i_generation;
	__s64 i_mtime_sec; /* since 6.11 */
	__s64 i_ctime_sec;
	__u32 i_mtime_nsec;
	__u32 i_ctime_nsec;
} CORE;

/* 6.6 (ctime) and 6.7 (mtime) to 6.10. */
struct inode___hidden {
	struct timespec64 __i_mtime;
	struct timespec64 __i_ctime;
} CORE;

/* Before. */
struct inode___old {
	struct timespec64 i_mtime;
	struct timespec64 i_ctime;
} CORE;

/* Short names lie in the dentry itself. */
union shortname_store {
	unsigned char string[40];
} CORE;

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct hlist_bl_node d_hash;	   /* of names that can be looked up */
	union shortname_store d_shortname; /* since 6.14 */
	union {
		struct hlist_node d_alias;
	} d_u;
} CORE;

/* Before. */
struct dentry___old {
	unsigned char d_iname[40];
} CORE;

/* Should the union lose its name. */
struct dentry___flat {
	struct hlist_node d_alias;
} CORE;

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
} CORE;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts; /* children, the newest last */
	struct list_head mnt_child;
	struct mount *mnt_next_for_sb; /* since 6.18 */
	struct list_head mnt_list;
	struct rb_node mnt_node;
	struct mnt_namespace *mnt_ns;
	int mnt_id;
} CORE;

/* Before 6.18. */
struct mount___list {
	struct list_head mnt_instance;
} CORE;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} CORE;

struct file {
	struct path f_path;
	unsigned int f_flags;
	unsigned int f_mode;
	void *private_data;
} CORE;

struct pipe_buffer {
	unsigned int flags;
} CORE;

struct pipe_inode_info {
	unsigned int head;
	unsigned int tail;
	unsigned int ring_size;
	struct pipe_buffer *bufs;
} CORE;

struct sock_common {
	unsigned short skc_family;
} CORE;

struct sock {
	struct sock_common __sk_common;
} CORE;

struct socket {
	struct sock *sk;
} CORE;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} CORE;

struct files_struct {
	struct fdtable *fdt;
} CORE;

struct fs_struct {
	struct path root;
	struct path pwd;
} CORE;

struct cred {
	kuid_t uid;
	kuid_t gid;
	kuid_t euid;
	kuid_t egid;
	kuid_t fsuid;
	kuid_t fsgid;
} CORE;

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
} CORE;

struct signal_struct {
	struct {
		int counter;
	} live;
} CORE;

struct thread_info {
	__u32 status; /* x86 */
	unsigned long flags;
} CORE;

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid;
	int tgid;
	__u64 start_boottime;
	int exit_code;
	char comm[16];
	kuid_t loginuid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct files_struct *files;
	struct fs_struct *fs;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
} CORE;

struct linux_binprm {
	struct file *file;
} CORE;

struct renamedata {
	struct dentry *old_dentry;
} CORE;

struct open_flags {
	int open_flag;
	__u16 mode;
	int lookup_flags;
} CORE;

struct filename {
	const char *name;
} CORE;

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bx, cx, r10, r8, r9;
	unsigned long dx, si, di, orig_ax;
} CORE;
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	int syscallno;
} CORE;
#else
#error "unsupported architecture"
#endif
