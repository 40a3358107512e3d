/* SPDX-License-Identifier: MIT */
#include "vrrpd/echo.h"

#include <netinet/icmp6.h>
#include <linux/icmp.h>
#include <string.h>

#define PROTOCOL_ICMP 1

/* RFC 1071. */
static uint16_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void echo_encode(uint8_t family, const struct echo *echo, struct writer *out)
{
	size_t start = out->length;
	struct writer field;

	writer_u8(out, family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	writer_u8(out, 0);
	writer_u16(out, 0);
	writer_u16(out, echo->id);
	writer_u16(out, echo->sequence);
	writer_zeros(out, ECHO_SIZE - 8);
	if (out->bad || family != AF_INET)
		return;
	field = writer_of(out->start + start + 2, 2);
	writer_u16(&field, checksum(out->start + start, ECHO_SIZE));
}

/* Passes over the IP header, whose length stands in it (RFC 791 section 3.1). */
static void skip_ipv4_header(struct cursor *in)
{
	const uint8_t *start = cursor_view(in, 20);
	size_t length;

	if (start == NULL)
		return;
	length = (size_t)(start[0] & 0x0f) * 4;
	if (start[0] >> 4 != 4 || length < 20 || start[9] != PROTOCOL_ICMP)
		in->bad = true;
	else
		cursor_skip(in, length - 20);
}

bool echo_is_answer(uint8_t family, const uint8_t *bytes, size_t size, const struct echo *echo)
{
	struct cursor in = cursor_of(bytes, size);
	uint8_t type, code;
	uint16_t id, sequence;

	if (family == AF_INET)
		skip_ipv4_header(&in);
	type = cursor_u8(&in);
	code = cursor_u8(&in);
	cursor_skip(&in, 2); /* the kernel has looked at the checksum */
	id = cursor_u16(&in);
	sequence = cursor_u16(&in);
	return !in.bad && type == (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) && code == 0 &&
	       id == echo->id && sequence == echo->sequence;
}
