/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * File events below the system call layer, by fentry and fexit: whatever way a call came in (32-bit,
 * openat2, io_uring), its objects are the ones the kernel acts on, and its outcome is known.
 *
 * Most operations know their mounts only at security_path_*() and their outcome only at vfs_*(); lib/stash.h connects
 * the two. Inner calls by stacking file systems act on other dentries and are left out by that.
 *
 * The agent knows which functions each event type needs, and with which parameters: agent/src/kernel/hooks.ts.
 */
#pragma once

#include "lib/argument.h"
#include "lib/stash.h"
#include "trampoline/attributes.h"
#include "trampoline/mount.h"
#include "trampoline/names.h"
#include "trampoline/open.h"
#include "trampoline/xattr.h"

/* chdir and fchdir, and whatever else gives a task another working directory (setns). It can't fail; chdir can before. */
SEC("fentry/set_fs_pwd")
int trampoline_chdir(void *ctx)
{
	struct path *to = (void *)argument(ctx, 1);
	struct scratch *s;
	struct path path;

	path.mnt = BPF_CORE_READ(to, mnt);
	path.dentry = BPF_CORE_READ(to, dentry);
	s = file_event_begin(EVENT_CHDIR, 0, &path);
	if (!s)
		return 0;
	event_subject(s, &path);
	push_file(s, &path);
	event_end(s, 0);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
#define CHDIR	       "__x64_sys_chdir"
#define FIRST_OF(regs) BPF_CORE_READ(regs, di)
#else
#define CHDIR	       "__arm64_sys_chdir"
#define FIRST_OF(regs) BPF_CORE_READ(regs, regs[0])
#endif

/* The name is the task's, read after the call. */
SEC("fexit/" CHDIR)
int trampoline_chdir_refused(void *ctx)
{
	struct pt_regs *regs = (void *)argument(ctx, 0);
	struct scratch *s;

	if (!is_refusal(result_of(ctx, 1)))
		return 0;
	s = event_begin(EVENT_CHDIR, 0);
	if (!s)
		return 0;
	event_outcome(s, result_of(ctx, 1));
	((struct record *)s->record)->flags |= FLAG_RESOLVED_AT_SYSCALL;
	if (push_argument(s, AT_FDCWD, FIRST_OF(regs), 1) < 0)
		event_lost(s);
	else
		event_end(s, 0);
	return 0;
}

/* do_splice(in, off_in, out, off_out, len, flags) */
SEC("fentry/do_splice")
int trampoline_splice_asked(void *ctx)
{
	struct spliced ends = spliced_files((void *)argument(ctx, 0), (void *)argument(ctx, 2));
	struct file *file = ends.file;
	struct scratch *s = NULL;
	struct stash *stash = file ? stash_begin(&s, EVENT_SPLICE) : NULL;

	if (!stash)
		return 0;
	if (ends.read)
		stash->record.op_flags = next_buffer_flags(ends.read);
	stash_subject(stash, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
	stash_keep(s, stash);
	return 0;
}

SEC("fexit/do_splice")
int trampoline_splice_done(void *ctx)
{
	struct spliced ends = spliced_files((void *)argument(ctx, 0), (void *)argument(ctx, 2));
	struct file *file = ends.file;
	__u64 subject = file ? (__u64)BPF_CORE_READ(file, f_path.dentry) : 0;
	struct stash *stash = stash_of(TYPE_BIT(EVENT_SPLICE), subject);

	if (!stash)
		return 0;
	if (ends.written)
		stash->record.op_mode = last_buffer_flags(ends.written);
	stash_done(TYPE_BIT(EVENT_SPLICE), subject, (__s64)returned(ctx, 6));
	return 0;
}
