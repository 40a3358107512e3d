/* SPDX-License-Identifier: MIT */
#include "tests/unit/hello.h"

#include "common/pure/cursor.h"

#include <string.h>

#define RECORD_MAX 16384

/* A place for a length of `width` bytes, and the length once what it is of has been written. */
static size_t open_vector(struct writer *out, size_t width)
{
	writer_zeros(out, width);
	return out->length;
}

static void close_vector(struct writer *out, size_t start, size_t width)
{
	size_t length = out->length - start;

	assert(!out->bad);
	for (size_t i = 1; i <= width; i++, length >>= 8)
		out->start[start - i] = (uint8_t)length;
}

static void add_host(struct writer *out, const char *name)
{
	size_t host;

	writer_u8(out, 0);
	host = open_vector(out, 2);
	writer_bytes(out, name, strlen(name));
	close_vector(out, host, 2);
}

static void add_name(struct writer *out, const struct hello_plan *plan)
{
	size_t body, list;

	writer_u16(out, 0);
	body = open_vector(out, 2);
	list = open_vector(out, 2);
	add_host(out, plan->name);
	if (plan->second != NULL)
		add_host(out, plan->second);
	close_vector(out, list, 2);
	close_vector(out, body, 2);
}

static void add_protocols(struct writer *out, const char *protocols)
{
	size_t body, list;

	writer_u16(out, 16);
	body = open_vector(out, 2);
	list = open_vector(out, 2);
	while (*protocols != '\0') {
		size_t length = strcspn(protocols, ",");

		writer_u8(out, (uint8_t)length);
		writer_bytes(out, protocols, length);
		protocols += length + (protocols[length] == ',');
	}
	close_vector(out, list, 2);
	close_vector(out, body, 2);
}

static void add_padding(struct writer *out, uint16_t type, size_t count)
{
	writer_u16(out, type);
	writer_u16(out, (uint16_t)count);
	writer_zeros(out, count);
}

static void add_extensions(struct writer *out, const struct hello_plan *plan)
{
	size_t all = open_vector(out, 2);

	if (plan->grease)
		add_padding(out, 0x8a8a, 0);
	if (plan->padding > 0)
		add_padding(out, 51, plan->padding);
	if (plan->name != NULL)
		add_name(out, plan);
	if (plan->protocols != NULL)
		add_protocols(out, plan->protocols);
	if (plan->name_twice)
		add_name(out, plan);
	if (plan->grease)
		add_padding(out, 0xfafa, 1);
	close_vector(out, all, 2);
}

static size_t write_message(const struct hello_plan *plan, uint8_t to[static HELLO_MAX])
{
	struct writer out = writer_of(to, HELLO_MAX);
	size_t body;

	writer_u8(&out, 1);
	body = open_vector(&out, 3);
	writer_u16(&out, 0x0303);
	for (unsigned i = 0; i < 32; i++)
		writer_u8(&out, (uint8_t)(i * 7));
	writer_u8(&out, 32);
	writer_zeros(&out, 32);
	writer_u16(&out, 4);
	writer_u16(&out, plan->grease ? 0x2a2a : 0x1302);
	writer_u16(&out, 0x1301);
	writer_u8(&out, 1);
	writer_u8(&out, 0);
	if (!plan->no_extensions)
		add_extensions(&out, plan);
	close_vector(&out, body, 3);
	return out.length;
}

size_t hello_write(const struct hello_plan *plan, uint8_t to[static HELLO_MAX])
{
	static uint8_t message[HELLO_MAX];
	size_t size = write_message(plan, message), fragment = plan->fragment > 0 ? plan->fragment : RECORD_MAX;
	struct writer out = writer_of(to, HELLO_MAX);

	for (size_t at = 0; at < size; at += fragment) {
		size_t length = MIN(fragment, size - at);

		writer_u8(&out, 22);
		writer_u16(&out, 0x0301);
		writer_u16(&out, (uint16_t)length);
		writer_bytes(&out, message + at, length);
	}
	assert(!out.bad);
	return out.length;
}
