/* SPDX-License-Identifier: MIT */
/*
 * Bounded reading and writing of network-order bytes. Both cursors have a sticky error: a step past the end sets
 * `bad`, reads give 0 from then on and writes do nothing, so a codec checks once, at its end.
 */
#ifndef LBPAIR_COMMON_PURE_CURSOR_H
#define LBPAIR_COMMON_PURE_CURSOR_H

#include "common/pure/base.h"

struct cursor {
	const uint8_t *at;
	size_t left;
	bool bad;
};

/* Reads from `bytes`, which the caller keeps alive. */
struct cursor cursor_of(const void *bytes, size_t length);
uint8_t cursor_u8(struct cursor *in);
uint16_t cursor_u16(struct cursor *in);
uint32_t cursor_u32(struct cursor *in);
uint64_t cursor_u64(struct cursor *in);
/* Copies `length` bytes out; on a short input `to` is zeroed. */
void cursor_bytes(struct cursor *in, void *to, size_t length);
void cursor_skip(struct cursor *in, size_t length);
/* A view of the next `length` bytes, which are passed over; NULL when there are fewer. */
const uint8_t *cursor_view(struct cursor *in, size_t length);

struct writer {
	uint8_t *start;
	size_t length;
	size_t capacity;
	bool bad;
};

/* Writes into `bytes`, which the caller owns. */
struct writer writer_of(void *bytes, size_t capacity);
void writer_u8(struct writer *out, uint8_t value);
void writer_u16(struct writer *out, uint16_t value);
void writer_u32(struct writer *out, uint32_t value);
void writer_u64(struct writer *out, uint64_t value);
void writer_bytes(struct writer *out, const void *from, size_t length);
void writer_zeros(struct writer *out, size_t length);

#endif
