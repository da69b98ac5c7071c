/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How a call ended. Reported are those that did what they were asked for, and those that were refused: an attempt on a
 * file that one may not touch says as much as a success. Other failures changed nothing and met no guard.
 */
#pragma once

#include "scratch.h"

#define EPERM  1
#define EACCES 13

/* `result`: what the kernel returned, an error as -errno. */
static __always_inline bool is_refusal(__s64 result)
{
	return result == -EACCES || result == -EPERM;
}

static __always_inline bool is_reported(__s64 result)
{
	return result >= 0 || is_refusal(result);
}

/* Of an event that has begun: 0 or -errno. What a successful call returned (a descriptor, bytes) is no outcome. */
static __always_inline void event_outcome(struct scratch *s, __s64 result)
{
	((struct record *)s->record)->retval = result < 0 ? result : 0;
}
