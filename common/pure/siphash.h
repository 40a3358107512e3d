/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a hash under a secret key, for tables whose keys come from strangers, who
 * could otherwise choose them so that they all collide.
 */
#ifndef LBPAIR_COMMON_PURE_SIPHASH_H
#define LBPAIR_COMMON_PURE_SIPHASH_H

#include "common/pure/base.h"

struct siphash_key {
	uint64_t words[2];
};

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size);

#endif
