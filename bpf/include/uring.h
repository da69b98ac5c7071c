/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Requests of io_uring (since 6.0) as the kernel has them, reduced like the structures of kernel.h. */
#pragma once

#include "kernel.h"

struct io_ring_ctx;

struct io_uring_cqe {
	__s32 res;
} CORE;

struct io_cqe {
	__u64 user_data;
	int fd; /* until it is completed */
} CORE;

struct io_cmd_data {
	struct file *file;
} CORE;

struct io_kiocb {
	struct io_cmd_data cmd;
	__u8 opcode;
	__u64 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
} CORE;

struct open_how {
	__u64 flags;
	__u64 mode;
	__u64 resolve;
} CORE;

struct io_open {
	int dfd;
	__u32 file_slot;
	struct filename *filename;
	struct open_how how;
} CORE;

struct io_unlink {
	int dfd;
	int flags;
	struct filename *filename;
} CORE;

struct io_mkdir {
	int dfd;
	__u16 mode;
	struct filename *filename;
} CORE;

struct io_rename {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
} CORE;

struct io_link {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
} CORE;

struct kernel_xattr_ctx {
	void *kname;
	unsigned int flags;
} CORE;

struct io_xattr {
	struct kernel_xattr_ctx ctx;
	struct filename *filename;
} CORE;

/* Since 7.0 a name is a struct of one pointer. */
struct delayed_filename {
	struct filename *__incomplete_filename;
} CORE;

struct io_open___delayed {
	struct delayed_filename filename;
} CORE;

struct io_unlink___delayed {
	struct delayed_filename filename;
} CORE;

struct io_mkdir___delayed {
	struct delayed_filename filename;
} CORE;

struct io_rename___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
} CORE;

struct io_link___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
} CORE;

struct io_xattr___delayed {
	struct delayed_filename filename;
} CORE;
