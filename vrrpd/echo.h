/* SPDX-License-Identifier: MIT */
/* ICMP echo of both families (RFC 792, RFC 4443 section 4), as bytes. No I/O. */
#ifndef LBPAIR_VRRPD_ECHO_H
#define LBPAIR_VRRPD_ECHO_H

#include "common/pure/addr.h"
#include "common/pure/cursor.h"

#define ECHO_SIZE 16

struct echo {
	uint16_t id;
	uint16_t sequence;
};

/* The question. Of IPv6 the checksum is left to the kernel, which knows the source. */
void echo_encode(uint8_t family, const struct echo *echo, struct writer *out);
/* Whether the packet answers that very question. IPv4 packets come with their IP header, IPv6 ones without. */
bool echo_is_answer(uint8_t family, const uint8_t *bytes, size_t size, const struct echo *echo);

#endif
