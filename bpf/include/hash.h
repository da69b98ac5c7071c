/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The path hash; its definition and test vectors are in matcher-wasm/format/hash.ts. */
#pragma once

#include <linux/types.h>

#define HASH_A 0x9e3779b97f4a7c15ULL
#define HASH_B 0xc2b2ae3d27d4eb4fULL

#define ROOT_HASH HASH_A
#ifndef NAME_BYTES_MAX
#define NAME_BYTES_MAX 255
#endif

/*
 * Words are read whole: the buffer must be readable up to the next multiple of 8 bytes after len.
 * 32 words cover NAME_MAX; a longer name is cut by the caller.
 */
static __always_inline __u64 name_hash(const __u8 *name, __u32 len)
{
	__u64 h = HASH_A ^ (__u64)len * HASH_B;

	for (__u32 i = 0; i < (NAME_BYTES_MAX + 8) / 8; i++) {
		__u32 left = len - i * 8;
		__u64 word;

		if (i * 8 >= len)
			break;
		word = *(const __u64 *)(name + i * 8);
		if (left < 8)
			word &= (1ULL << (left * 8)) - 1;
		h = (h ^ word) * HASH_B;
		h ^= h >> 32;
	}
	return h;
}

static __always_inline __u64 child_hash(__u64 directory, __u64 name)
{
	__u64 p = directory * HASH_B ^ name;

	p = (p ^ p >> 29) * HASH_A;
	return p ^ p >> 32;
}
