/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Entries of maps for each CPU that are read and replaced as a whole, though a program may preempt another one on its
 * CPU between any two instructions: they are written under an odd version. Who reads finds a whole entry or none.
 */
#pragma once

#include "versions.h"

struct whole {
	__u32 version; /* odd while the entry is written */
	__u32 held;    /* by the program that writes */
};

/* Before anything is read of the entry: its version. */
static __always_inline __u32 whole_version(const struct whole *whole)
{
	__u32 version = *(const volatile __u32 *)&whole->version;

	barrier();
	return version;
}

/* Whether what was read since then is of one and the same entry. */
static __always_inline bool is_whole(const struct whole *whole, __u32 version)
{
	barrier();
	return !(version & 1) && *(const volatile __u32 *)&whole->version == version;
}

/* Begins to write the entry. Returns false where another program is at it. */
static __always_inline bool whole_begin(struct whole *whole)
{
	if (!hold(&whole->held))
		return false;
	*(volatile __u32 *)&whole->version += 1;
	barrier();
	return true;
}

static __always_inline void whole_end(struct whole *whole)
{
	barrier();
	*(volatile __u32 *)&whole->version += 1;
	release(&whole->held);
}
