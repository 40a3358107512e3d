/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_header.h"

#include "common/pure/crc32c.h"
#include "common/pure/cursor.h"
#include "common/pure/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Both versions' first bytes, by which they are told apart from one another and from anything else. */
static const uint8_t signature_v1[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const uint8_t signature_v2[] = {'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static bool begins_with(const uint8_t *bytes, size_t size, const uint8_t *signature, size_t length)
{
	return memcmp(bytes, signature, MIN(size, length)) == 0;
}

/* RFC 4291 2.5.5.2: what stands before an IPv4 address that is written as one of IPv6. */
static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* As endpoint_from_sockaddr does. */
static struct ip unmap(struct ip ip)
{
	struct ip v4 = {.family = AF_INET};

	if (ip.family != AF_INET6 || memcmp(ip.bytes, mapped, sizeof mapped) != 0)
		return ip;
	memcpy(v4.bytes, ip.bytes + sizeof mapped, 4);
	return v4;
}

/* Version 1: one line. */

#define LINE_MAX_V1 107
static_assert(LINE_MAX_V1 == PROXY_HEADER_WRITE_MAX, "it is the longest that is written");

/* The next word of the line, which ends at a blank or with the line. Words are replaced by what follows them. */
static const char *next_word(char **at)
{
	char *word = *at, *end;

	if (word == NULL)
		return NULL;
	end = strchr(word, ' ');
	*at = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*end = '\0';
	return word;
}

static int read_address(const char *word, uint8_t family, struct ip *ret_ip)
{
	if (word == NULL || ip_parse(word, ret_ip) < 0 || ret_ip->family != family)
		return -EBADMSG;
	*ret_ip = unmap(*ret_ip);
	return 0;
}

static int read_port(const char *word, uint16_t *ret_port)
{
	uint64_t port;

	/* Section 2.1: without heading zeroes. */
	if (word == NULL || (word[0] == '0' && word[1] != '\0') || text_to_u64(word, 0, UINT16_MAX, &port) < 0)
		return -EBADMSG;
	*ret_port = (uint16_t)port;
	return 0;
}

static int read_words(char *line, struct proxy_header *ret_header)
{
	struct proxy_header header = {0};
	const char *protocol = next_word(&line);
	uint8_t family;

	/* What follows UNKNOWN is to be ignored. */
	if (strcmp(protocol, "UNKNOWN") == 0) {
		*ret_header = header;
		return 0;
	}
	if (strcmp(protocol, "TCP4") != 0 && strcmp(protocol, "TCP6") != 0)
		return -EBADMSG;
	family = protocol[3] == '4' ? AF_INET : AF_INET6;
	if (read_address(next_word(&line), family, &header.client.ip) < 0 ||
		read_address(next_word(&line), family, &header.local.ip) < 0 ||
		read_port(next_word(&line), &header.client.port) < 0 ||
		read_port(next_word(&line), &header.local.port) < 0 || line != NULL)
		return -EBADMSG;
	*ret_header = header;
	return 0;
}

static int read_v1(const uint8_t *bytes, size_t size, struct proxy_header *ret_header, size_t *ret_length)
{
	size_t most = MIN(size, (size_t)LINE_MAX_V1);
	const uint8_t *end = memchr(bytes, '\n', most);
	char line[LINE_MAX_V1 + 1];
	size_t length;
	int r;

	if (end == NULL)
		return size < LINE_MAX_V1 ? -EAGAIN : -EBADMSG;
	length = (size_t)(end - bytes) - sizeof signature_v1;
	/* A NUL would hide the rest of the line. */
	if (end[-1] != '\r' || length < 1 || memchr(bytes, '\0', (size_t)(end - bytes)) != NULL)
		return -EBADMSG;
	memcpy(line, bytes + sizeof signature_v1, length);
	line[length - 1] = '\0';
	r = read_words(line, ret_header);
	if (r == 0)
		*ret_length = (size_t)(end - bytes) + 1;
	return r;
}

/* Version 2: binary. */

#define FIXED_V2 16

enum {
	COMMAND_LOCAL = 0,
	COMMAND_PROXY = 1,
	FAMILY_UNSPEC = 0,
	FAMILY_INET = 1,
	FAMILY_INET6 = 2,
	FAMILY_UNIX = 3,
	TRANSPORT_UNSPEC = 0,
	TRANSPORT_STREAM = 1,
	TRANSPORT_DGRAM = 2,
	TLV_CRC32C = 3,
};

/* Bytes of both addresses and ports. */
static const uint8_t address_sizes[] = {[FAMILY_INET] = 12, [FAMILY_INET6] = 36, [FAMILY_UNIX] = 216};

static void read_ip(struct cursor *in, uint8_t family, struct ip *ret_ip)
{
	struct ip ip = {.family = family};

	cursor_bytes(in, ip.bytes, ip_size(&ip));
	*ret_ip = unmap(ip);
}

static void read_addresses(struct cursor *in, uint8_t family, struct proxy_header *ret_header)
{
	read_ip(in, family, &ret_header->client.ip);
	read_ip(in, family, &ret_header->local.ip);
	ret_header->client.port = cursor_u16(in);
	ret_header->local.port = cursor_u16(in);
}

/* Section 2.2.6: the sum is made over the header with zeros in its place. */
static bool sum_is_right(const uint8_t *header, size_t length, const uint8_t *value)
{
	static const uint8_t zeros[4];
	struct cursor in = cursor_of(value, sizeof zeros);
	size_t before = (size_t)(value - header);
	uint32_t sum = crc32c_add(0, header, before);

	sum = crc32c_add(sum, zeros, sizeof zeros);
	sum = crc32c_add(sum, value + sizeof zeros, length - before - sizeof zeros);
	return sum == cursor_u32(&in);
}

/* They have to fill what is left to the byte; of what they say, the checksum alone is looked at. */
static bool tlvs_are_right(struct cursor *in, const uint8_t *header, size_t length)
{
	while (in->left > 0) {
		uint8_t type = cursor_u8(in);
		uint16_t size = cursor_u16(in);
		const uint8_t *value = cursor_view(in, size);

		if (in->bad)
			return false;
		if (type == TLV_CRC32C && (size != 4 || !sum_is_right(header, length, value)))
			return false;
	}
	return true;
}

static int read_body(uint8_t kind, const uint8_t *header, size_t length, struct proxy_header *ret_header)
{
	struct cursor in = cursor_of(header + FIXED_V2, length - FIXED_V2);
	struct cursor tlvs = in;
	uint8_t family = kind >> 4, transport = kind & 15;
	struct proxy_header read = {0};

	if (family > FAMILY_UNIX || transport > TRANSPORT_DGRAM)
		return -EBADMSG;
	/* Section 2.2: nothing is known then of what follows. */
	if (family == FAMILY_UNSPEC) {
		*ret_header = read;
		return 0;
	}
	cursor_skip(&tlvs, address_sizes[family]);
	if (tlvs.bad || !tlvs_are_right(&tlvs, header, length))
		return -EBADMSG;
	if (transport == TRANSPORT_STREAM && family == FAMILY_INET)
		read_addresses(&in, AF_INET, &read);
	else if (transport == TRANSPORT_STREAM && family == FAMILY_INET6)
		read_addresses(&in, AF_INET6, &read);
	*ret_header = read;
	return 0;
}

static int read_v2(const uint8_t *bytes, size_t size, struct proxy_header *ret_header, size_t *ret_length)
{
	struct cursor in = cursor_of(bytes, size);
	uint8_t command, kind;
	size_t length;
	int r = 0;

	cursor_skip(&in, sizeof signature_v2);
	command = cursor_u8(&in);
	if (!in.bad && command != (0x20 | COMMAND_LOCAL) && command != (0x20 | COMMAND_PROXY))
		return -EBADMSG;
	kind = cursor_u8(&in);
	length = FIXED_V2 + (size_t)cursor_u16(&in);
	if (!in.bad && length > PROXY_HEADER_READ_MAX)
		return -EBADMSG;
	if (in.bad || size < length)
		return -EAGAIN;
	/* Section 2.2: the family of LOCAL is ignored, and so is all that follows. */
	if (command == (0x20 | COMMAND_LOCAL))
		*ret_header = (struct proxy_header){0};
	else
		r = read_body(kind, bytes, length, ret_header);
	if (r == 0)
		*ret_length = length;
	return r;
}

int proxy_header_read(const uint8_t *bytes, size_t size, struct proxy_header *ret_header, size_t *ret_length)
{
	if (size == 0)
		return -EAGAIN;
	if (begins_with(bytes, size, signature_v2, sizeof signature_v2))
		return read_v2(bytes, size, ret_header, ret_length);
	if (begins_with(bytes, size, signature_v1, sizeof signature_v1))
		return size < sizeof signature_v1 ? -EAGAIN : read_v1(bytes, size, ret_header, ret_length);
	return -EBADMSG;
}

/* Writing. */

static size_t write_v1(const struct proxy_header *header, uint8_t *bytes)
{
	char line[LINE_MAX_V1 + 1], client[IP_TEXT_MAX], local[IP_TEXT_MAX];
	uint8_t family = header->client.ip.family;
	int length;

	if (family == 0 || family != header->local.ip.family)
		length = snprintf(line, sizeof line, "PROXY UNKNOWN\r\n");
	else
		length = snprintf(line, sizeof line, "PROXY TCP%c %s %s %u %u\r\n", family == AF_INET ? '4' : '6',
			ip_text(&header->client.ip, client), ip_text(&header->local.ip, local), header->client.port,
			header->local.port);
	assert(length > 0 && length <= LINE_MAX_V1);
	memcpy(bytes, line, (size_t)length);
	return (size_t)length;
}

static void write_ip(struct writer *out, const struct ip *ip, uint8_t family)
{
	if (family == AF_INET6 && ip->family == AF_INET)
		writer_bytes(out, mapped, sizeof mapped);
	writer_bytes(out, ip->bytes, ip_size(ip));
}

static size_t write_v2(const struct proxy_header *header, uint8_t *bytes)
{
	struct writer out = writer_of(bytes, PROXY_HEADER_WRITE_MAX);
	bool named = header->client.ip.family != 0 && header->local.ip.family != 0;
	bool v4 = header->client.ip.family == AF_INET && header->local.ip.family == AF_INET;
	uint8_t kind = v4 ? FAMILY_INET : FAMILY_INET6, family = v4 ? AF_INET : AF_INET6;

	writer_bytes(&out, signature_v2, sizeof signature_v2);
	writer_u8(&out, named ? 0x20 | COMMAND_PROXY : 0x20 | COMMAND_LOCAL);
	if (!named) {
		writer_zeros(&out, 3);
	} else {
		writer_u8(&out, (uint8_t)(kind << 4 | TRANSPORT_STREAM));
		writer_u16(&out, address_sizes[kind]);
		write_ip(&out, &header->client.ip, family);
		write_ip(&out, &header->local.ip, family);
		writer_u16(&out, header->client.port);
		writer_u16(&out, header->local.port);
	}
	assert(!out.bad);
	return out.length;
}

size_t proxy_header_write(
	enum send_proxy version, const struct proxy_header *header, uint8_t bytes[static PROXY_HEADER_WRITE_MAX])
{
	switch (version) {
	case SEND_PROXY_V1:
		return write_v1(header, bytes);
	case SEND_PROXY_V2:
		return write_v2(header, bytes);
	case SEND_PROXY_NONE:
	case SEND_PROXY_AS_POOL:
		break;
	}
	return 0;
}
