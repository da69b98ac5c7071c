/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* SipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF), a word at a time. */
#pragma once

#include <linux/types.h>

struct siphash {
	__u64 v0, v1, v2, v3;
};

#define SIP_ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

static __always_inline void sip_round(struct siphash *h)
{
	h->v0 += h->v1;
	h->v1 = SIP_ROTATE(h->v1, 13) ^ h->v0;
	h->v0 = SIP_ROTATE(h->v0, 32);
	h->v2 += h->v3;
	h->v3 = SIP_ROTATE(h->v3, 16) ^ h->v2;
	h->v0 += h->v3;
	h->v3 = SIP_ROTATE(h->v3, 21) ^ h->v0;
	h->v2 += h->v1;
	h->v1 = SIP_ROTATE(h->v1, 17) ^ h->v2;
	h->v2 = SIP_ROTATE(h->v2, 32);
}

static __always_inline void sip_begin(struct siphash *h, __u64 secret0, __u64 secret1)
{
	h->v0 = secret0 ^ 0x736f6d6570736575ULL;
	h->v1 = secret1 ^ 0x646f72616e646f6dULL;
	h->v2 = secret0 ^ 0x6c7967656e657261ULL;
	h->v3 = secret1 ^ 0x7465646279746573ULL;
}

static __always_inline void sip_word(struct siphash *h, __u64 word)
{
	h->v3 ^= word;
	sip_round(h);
	h->v0 ^= word;
}

/* `last`: the bytes behind the last whole word, in its low end; `len`: of the whole text. */
static __always_inline __u64 sip_end(struct siphash *h, __u64 last, __u64 len)
{
	sip_word(h, last | len << 56);
	h->v2 ^= 0xff;
	sip_round(h);
	sip_round(h);
	sip_round(h);
	return h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
}
