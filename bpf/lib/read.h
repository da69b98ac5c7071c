/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Reading kernel memory. A helper call for each member (BPF_CORE_READ) was most of what an event cost; since 6.2 a
 * number can be declared to be a pointer of the kernel's, and loads through it are plain instructions that yield
 * 0 where there is no memory. Both ways are compiled; `options.direct_loads` is constant to the verifier, which
 * removes the other one.
 */
#pragma once

#include "versions.h"

#ifdef WEIR_LEGACY
#define DIRECT_LOADS 0
#else
#define DIRECT_LOADS options.direct_loads
#endif

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* Only where there are DIRECT_LOADS. */
#define VIEW(pointer) \
	((typeof(pointer))bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(typeof(*(pointer)))))

/* A member of a structure of the kernel's; 0 where it can't be read. */
#define READ(pointer, member) \
	(DIRECT_LOADS ? VIEW(pointer)->member : BPF_CORE_READ(pointer, member))

/* The same of a member with 8 bytes, such as a pointer, as a number: the verifier lets nobody calculate with pointers. */
#define READ_NUMBER(pointer, member) \
	read_number(__builtin_preserve_access_index(&(pointer)->member))

static __always_inline __u64 read_number(const void *address)
{
	struct timespec64 *at = (void *)address; /* begins with a number of 8 bytes */
	__u64 value = 0;

	if (DIRECT_LOADS)
		return VIEW(at)->tv_sec;
	bpf_probe_read_kernel(&value, sizeof(value), address);
	return value;
}

/* A pointer in kernel memory, at no member of any structure. */
static __always_inline void *read_pointer(const void *address)
{
	struct list_head *at = (void *)address;
	void *value = NULL;

	if (DIRECT_LOADS)
		return VIEW(at)->next;
	bpf_probe_read_kernel(&value, sizeof(value), address);
	return value;
}
