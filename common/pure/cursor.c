/* SPDX-License-Identifier: MIT */
#include "common/pure/cursor.h"

#include <string.h>

struct cursor cursor_of(const void *bytes, size_t length)
{
	return (struct cursor){.at = bytes, .left = length};
}

const uint8_t *cursor_view(struct cursor *in, size_t length)
{
	const uint8_t *view = in->at;

	if (in->bad || in->left < length) {
		in->bad = true;
		return NULL;
	}
	if (length > 0)
		in->at += length;
	in->left -= length;
	return view;
}

static uint64_t read_big_endian(struct cursor *in, size_t length)
{
	const uint8_t *bytes = cursor_view(in, length);
	uint64_t value = 0;

	if (bytes == NULL)
		return 0;
	for (size_t i = 0; i < length; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t cursor_u8(struct cursor *in)
{
	return (uint8_t)read_big_endian(in, 1);
}

uint16_t cursor_u16(struct cursor *in)
{
	return (uint16_t)read_big_endian(in, 2);
}

uint32_t cursor_u32(struct cursor *in)
{
	return (uint32_t)read_big_endian(in, 4);
}

uint64_t cursor_u64(struct cursor *in)
{
	return read_big_endian(in, 8);
}

void cursor_bytes(struct cursor *in, void *to, size_t length)
{
	const uint8_t *bytes = cursor_view(in, length);

	if (bytes == NULL)
		memset(to, 0, length);
	else
		memcpy(to, bytes, length);
}

void cursor_skip(struct cursor *in, size_t length)
{
	(void)cursor_view(in, length);
}

struct writer writer_of(void *bytes, size_t capacity)
{
	return (struct writer){.start = bytes, .capacity = capacity};
}

/* The place for `length` more bytes, or NULL when they do not fit. */
static uint8_t *writer_room(struct writer *out, size_t length)
{
	uint8_t *room;

	if (out->bad || out->capacity - out->length < length) {
		out->bad = true;
		return NULL;
	}
	room = out->start + out->length;
	out->length += length;
	return room;
}

static void write_big_endian(struct writer *out, uint64_t value, size_t length)
{
	uint8_t *room = writer_room(out, length);

	if (room == NULL)
		return;
	for (size_t i = length; i-- > 0; value >>= 8)
		room[i] = (uint8_t)value;
}

void writer_u8(struct writer *out, uint8_t value)
{
	write_big_endian(out, value, 1);
}

void writer_u16(struct writer *out, uint16_t value)
{
	write_big_endian(out, value, 2);
}

void writer_u32(struct writer *out, uint32_t value)
{
	write_big_endian(out, value, 4);
}

void writer_u64(struct writer *out, uint64_t value)
{
	write_big_endian(out, value, 8);
}

void writer_bytes(struct writer *out, const void *from, size_t length)
{
	uint8_t *room = writer_room(out, length);

	if (room != NULL && length > 0)
		memcpy(room, from, length);
}

void writer_zeros(struct writer *out, size_t length)
{
	uint8_t *room = writer_room(out, length);

	if (room != NULL && length > 0)
		memset(room, 0, length);
}
