/* SPDX-License-Identifier: MIT */
/*
 * Hashes of 64 bits that are the same on every host and in every version: what two nodes have to agree on may hang on
 * them. Not for keys that an adversary must not collide.
 */
#ifndef LBPAIR_COMMON_PURE_HASH_H
#define LBPAIR_COMMON_PURE_HASH_H

#include "common/pure/base.h"

/* Each bit of the result depends on each of `value` (the finalizer of splitmix64: Steele, Lea and Flood, 2014). */
static inline uint64_t hash_mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

/* The next of a sequence of numbers that look random; one that follows from each `state` to begin with. */
static inline uint64_t hash_next(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(*state);
}

/* `hash`, which is 0 at first, with `value` taken in. */
static inline uint64_t hash_add(uint64_t hash, uint64_t value)
{
	return hash_mix(hash + UINT64_C(0x9e3779b97f4a7c15) + value);
}

uint64_t hash_bytes(const void *bytes, size_t size);
uint64_t hash_text(const char *text);

/* A number below `limit`, which is not 0, in proportion: without a division, and by the hash's upper bits. */
static inline uint32_t hash_below(uint64_t hash, uint32_t limit)
{
	return (uint32_t)((hash >> 32) * limit >> 32);
}

#endif
