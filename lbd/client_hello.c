/* SPDX-License-Identifier: MIT */
#include "lbd/client_hello.h"

#include "common/pure/cursor.h"

#include <errno.h>
#include <string.h>

/* RFC 8446 section 5.1. */
#define RECORD_HEADER 5
#define RECORD_HANDSHAKE 22
#define RECORD_MAX 16384
/* RFC 8446 section 4. */
#define MESSAGE_HEADER 4
#define MESSAGE_CLIENT_HELLO 1
/* RFC 8446 section 4.2, RFC 6066 section 3. */
#define EXTENSION_SERVER_NAME 0
#define EXTENSION_PROTOCOLS 16
#define NAME_TYPE_HOST 0

/* Handshake bytes out of records. */
struct message {
	uint8_t bytes[CLIENT_HELLO_MAX];
	size_t size;
};

/*
 * Takes one record's bytes over. 0; -EAGAIN: it is not whole, what there is of it has been taken; -EBADMSG: it is none
 * of the handshake. Versions are 3.x in all of TLS.
 */
static int take_record(struct cursor *in, struct message *message)
{
	uint8_t header[RECORD_HEADER] = {RECORD_HANDSHAKE, 3};
	size_t have = MIN(in->left, sizeof header), length, there;

	memcpy(header, in->at, have);
	if (header[0] != RECORD_HANDSHAKE || header[1] != 3)
		return -EBADMSG;
	if (have < sizeof header)
		return -EAGAIN;
	length = (size_t)header[3] << 8 | header[4];
	/* No handshake record is empty. */
	if (length == 0 || length > RECORD_MAX)
		return -EBADMSG;
	cursor_skip(in, sizeof header);
	there = MIN(length, in->left);
	/* Each byte of a message has one of the input. */
	assert(there <= sizeof message->bytes - message->size);
	cursor_bytes(in, message->bytes + message->size, there);
	message->size += there;
	return there < length ? -EAGAIN : 0;
}

/* -EAGAIN, -EBADMSG, -EMSGSIZE, or 0 and the length of its body. */
static int read_message_header(const struct message *message, size_t *ret_length)
{
	struct cursor in = cursor_of(message->bytes, message->size);

	if (message->size > 0 && cursor_u8(&in) != MESSAGE_CLIENT_HELLO)
		return -EBADMSG;
	if (message->size < MESSAGE_HEADER)
		return -EAGAIN;
	*ret_length = (size_t)cursor_u8(&in) << 16;
	*ret_length |= cursor_u16(&in);
	return *ret_length > CLIENT_HELLO_MAX - MESSAGE_HEADER - RECORD_HEADER ? -EMSGSIZE : 0;
}

static int gather(const uint8_t *bytes, size_t size, struct message *message, struct cursor *ret_body)
{
	struct cursor in = cursor_of(bytes, MIN(size, CLIENT_HELLO_MAX));
	size_t length;
	int r;

	do {
		int header;

		r = in.left > 0 ? take_record(&in, message) : -EAGAIN;
		if (r == -EBADMSG)
			return r;
		header = read_message_header(message, &length);
		if (header == 0 && message->size >= MESSAGE_HEADER + length) {
			*ret_body = cursor_of(message->bytes + MESSAGE_HEADER, length);
			return 0;
		}
		if (header < 0 && header != -EAGAIN)
			return header;
	} while (r == 0);
	return size >= CLIENT_HELLO_MAX ? -EMSGSIZE : r;
}

/* What is in the brackets of the next vector: `width` bytes have its length (RFC 8446 section 3.4). */
static struct cursor vector(struct cursor *in, size_t width)
{
	size_t length = width == 1 ? cursor_u8(in) : cursor_u16(in);
	const uint8_t *view = cursor_view(in, length);

	return cursor_of(view, view != NULL ? length : 0);
}

/* One name of each type (RFC 6066 section 3); of other types than this one nothing is known but their form. */
static bool read_names(struct cursor in, struct client_hello *hello)
{
	struct cursor names = vector(&in, 2);
	bool found = false;

	while (names.left > 0 && !names.bad) {
		uint8_t type = cursor_u8(&names);
		struct cursor name = vector(&names, 2);

		if (names.bad || type != NAME_TYPE_HOST)
			continue;
		if (found)
			return false;
		found = true;
		if (server_name_read((const char *)name.at, name.left, hello->name) < 0)
			hello->name[0] = '\0';
	}
	return found && !in.bad && in.left == 0 && !names.bad;
}

static bool read_protocols(struct cursor in, struct client_hello *hello)
{
	struct cursor list = vector(&in, 2), protocols = list;

	while (protocols.left > 0 && !protocols.bad) {
		if (vector(&protocols, 1).left == 0)
			return false;
	}
	if (in.bad || in.left > 0 || protocols.bad || list.left == 0)
		return false;
	if (list.left > sizeof hello->protocols)
		return true;
	hello->protocols_size = list.left;
	cursor_bytes(&list, hello->protocols, hello->protocols_size);
	return true;
}

/* Each at most once (RFC 8446 section 4.2); of those that do not matter here this is the server's to find. */
static bool read_extensions(struct cursor in, struct client_hello *hello)
{
	bool named = false, offered = false;

	while (in.left > 0 && !in.bad) {
		uint16_t type = cursor_u16(&in);
		struct cursor body = vector(&in, 2);

		if (in.bad)
			return false;
		if (type == EXTENSION_SERVER_NAME && (named || !read_names(body, hello)))
			return false;
		if (type == EXTENSION_PROTOCOLS && (offered || !read_protocols(body, hello)))
			return false;
		named |= type == EXTENSION_SERVER_NAME;
		offered |= type == EXTENSION_PROTOCOLS;
	}
	return !in.bad;
}

static bool read_body(struct cursor in, struct client_hello *hello)
{
	struct cursor session, suites, compressions, extensions;

	if (cursor_u16(&in) >> 8 != 3)
		return false;
	cursor_skip(&in, 32);
	session = vector(&in, 1);
	suites = vector(&in, 2);
	compressions = vector(&in, 1);
	if (in.bad || session.left > 32 || suites.left < 2 || suites.left % 2 != 0 || compressions.left == 0)
		return false;
	/* Before TLS 1.3 there need not be any. */
	if (in.left == 0)
		return true;
	extensions = vector(&in, 2);
	return !in.bad && in.left == 0 && read_extensions(extensions, hello);
}

int client_hello_read(const uint8_t *bytes, size_t size, struct client_hello *ret_hello)
{
	struct message message;
	struct client_hello hello;
	struct cursor body;
	int r;

	message.size = 0;
	r = gather(bytes, size, &message, &body);
	if (r < 0)
		return r;
	hello.name[0] = '\0';
	hello.protocols_size = 0;
	if (!read_body(body, &hello))
		return -EBADMSG;
	*ret_hello = hello;
	return 0;
}

bool client_hello_offers(const struct client_hello *hello, const char *protocol)
{
	struct cursor in = cursor_of(hello->protocols, hello->protocols_size);
	size_t length = strlen(protocol);

	while (in.left > 0) {
		struct cursor offered = vector(&in, 1);

		if (offered.left == length && memcmp(offered.at, protocol, length) == 0)
			return true;
	}
	return false;
}
