/* SPDX-License-Identifier: MIT */
#include "common/pure/siphash.h"

#define WORD sizeof(uint64_t)

struct state {
	uint64_t a, b, c, d;
};

static uint64_t turned(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(struct state *s, unsigned count)
{
	while (count-- > 0) {
		s->a += s->b;
		s->c += s->d;
		s->b = turned(s->b, 13) ^ s->a;
		s->d = turned(s->d, 16) ^ s->c;
		s->a = turned(s->a, 32);
		s->c += s->b;
		s->a += s->d;
		s->b = turned(s->b, 17) ^ s->c;
		s->d = turned(s->d, 21) ^ s->a;
		s->c = turned(s->c, 32);
	}
}

static void take_in(struct state *s, uint64_t word)
{
	s->d ^= word;
	rounds(s, 2);
	s->a ^= word;
}

/* The first byte is the lowest. */
static uint64_t word_of(const unsigned char *bytes, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	size_t left = size;
	/* "somepseudorandomlygeneratedbytes" */
	struct state s = {
		.a = key->words[0] ^ UINT64_C(0x736f6d6570736575),
		.b = key->words[1] ^ UINT64_C(0x646f72616e646f6d),
		.c = key->words[0] ^ UINT64_C(0x6c7967656e657261),
		.d = key->words[1] ^ UINT64_C(0x7465646279746573),
	};

	for (; left >= WORD; left -= WORD, at += WORD)
		take_in(&s, word_of(at, WORD));
	take_in(&s, word_of(at, left) | (uint64_t)size << 56);
	s.c ^= 0xff;
	rounds(&s, 4);
	return s.a ^ s.b ^ s.c ^ s.d;
}
