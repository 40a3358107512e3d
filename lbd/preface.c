/* SPDX-License-Identifier: MIT */
#include "lbd/preface.h"

#include <errno.h>
#include <sys/socket.h>

const struct preface_ops *const preface_table[] = {
	[PREFACE_PROXY] = &preface_proxy,
	[PREFACE_HELLO] = &preface_hello,
};
static_assert(ARRAY_LEN(preface_table) == PREFACE_COUNT, "a row is missing");
static_assert(PREFACE_COUNT <= 8, "a kind has no bit");

uint8_t preface_asked(const struct service_conf *service)
{
	uint8_t asked = 0;

	for (unsigned kind = 0; kind < PREFACE_COUNT; kind++) {
		if (preface_table[kind]->is_asked(service))
			asked |= (uint8_t)(1u << kind);
	}
	return asked;
}

uint8_t preface_due(const struct preface *preface, uint8_t asked)
{
	uint8_t due = asked;

	for (unsigned kind = 0; due != 0 && kind < PREFACE_COUNT; kind++) {
		if ((due & 1u << kind) && !preface_table[kind]->is_due(preface))
			due &= (uint8_t) ~(1u << kind);
	}
	return due;
}

bool preface_is_optional(uint8_t due)
{
	bool optional = true;

	for (unsigned kind = 0; kind < PREFACE_COUNT; kind++)
		optional &= (due & 1u << kind) == 0 || preface_table[kind]->is_optional;
	return optional;
}

static ssize_t receive(int fd, struct buffer *buffer, size_t size, int flags)
{
	ssize_t got;

	do
		got = recv(fd, buffer->bytes, size, flags);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int run_one(
	const struct preface_ops *ops, struct preface *preface, const struct side *side, struct buffer *buffer)
{
	ssize_t got = receive(side->io.fd, buffer, PREFACE_MAX, MSG_PEEK);
	int missing = ops->is_optional ? 0 : -EBADMSG;
	size_t length;
	int r;

	if (got <= 0)
		return got < 0 ? (int)got : missing;
	r = ops->read(preface, buffer->bytes, (size_t)got, &length);
	if (r == -EAGAIN && (side->peer_closed || (size_t)got == PREFACE_MAX))
		return missing;
	if (r < 0 || length == 0)
		return r;
	/* What could be peeked at is there. */
	got = receive(side->io.fd, buffer, length, 0);
	return got == (ssize_t)length ? 0 : -EBADMSG;
}

int preface_run(struct preface *preface, uint8_t *due, const struct side *side, struct store *store)
{
	struct buffer *buffer = store_lend_buffer(store);
	int r = 0;

	if (buffer == NULL)
		return -ENOMEM;
	while (r == 0 && *due != 0) {
		unsigned kind = (unsigned)__builtin_ctz(*due);

		r = run_one(preface_table[kind], preface, side, buffer);
		if (r == 0)
			*due &= (uint8_t) ~(1u << kind);
	}
	store_return_buffer(store, buffer);
	return r;
}
