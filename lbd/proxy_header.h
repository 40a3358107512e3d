/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol's header, versions 1 and 2 (haproxy.org, proxy-protocol.txt, 2025): what a proxy says at the
 * beginning of a connection about whom it speaks for. No I/O.
 */
#ifndef LBPAIR_LBD_PROXY_HEADER_H
#define LBPAIR_LBD_PROXY_HEADER_H

#include "common/model/conf.h"

/* The longest header that is read. Section 2.2 asks for 536 bytes; certificates in its TLVs can make it longer. */
#define PROXY_HEADER_READ_MAX ((size_t)16 * 1024)
/* The longest that is written: a version 1 line. */
#define PROXY_HEADER_WRITE_MAX 107

/* Of family 0, both of them: the header names none, and those of the connection itself hold. */
struct proxy_header {
	struct endpoint client;
	struct endpoint local; /* where the client has connected to */
};

/*
 * Reads the header at the beginning of what has come so far. -EAGAIN: its end has not come yet. -EBADMSG: it is none,
 * as early as that is certain. `ret_length`: the bytes that it has.
 */
MUST_USE int proxy_header_read(const uint8_t *bytes, size_t size, struct proxy_header *ret_header, size_t *ret_length);
/*
 * Writes it; returns its length, which is 0 for SEND_PROXY_NONE. Addresses of two families are UNKNOWN in version 1; in
 * version 2 the IPv4 one is mapped into IPv6.
 */
size_t proxy_header_write(
	enum send_proxy version, const struct proxy_header *header, uint8_t bytes[static PROXY_HEADER_WRITE_MAX]);

#endif
