/* SPDX-License-Identifier: MIT */
/*
 * A TLS client's first message, the ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), as far as a
 * connection is routed by it: the server name (RFC 6066 section 3) and the protocols (ALPN, RFC 7301). It may be cut
 * into records anyhow. Does no I/O.
 */
#ifndef LBPAIR_LBD_CLIENT_HELLO_H
#define LBPAIR_LBD_CLIENT_HELLO_H

#include "common/pure/server_name.h"

/* The largest one that is read, the headers of its records included. */
#define CLIENT_HELLO_MAX ((size_t)16 * 1024)
/* What clients offer is two or three names; more bytes than this are as none. */
#define CLIENT_HELLO_PROTOCOLS_MAX 512

struct client_hello {
	char name[SERVER_NAME_MAX + 1]; /* "": it asks for none, or for what is no name */
	/* One after the other, each behind a byte with its length. */
	uint8_t protocols[CLIENT_HELLO_PROTOCOLS_MAX];
	size_t protocols_size;
};

/*
 * From the beginning of what the client has sent. -EAGAIN: that is right so far, and more has to come; -EBADMSG: it is
 * no ClientHello; -EMSGSIZE: it is one of more than CLIENT_HELLO_MAX.
 */
MUST_USE int client_hello_read(const uint8_t *bytes, size_t size, struct client_hello *ret_hello);
/* Whether it offers the protocol. */
bool client_hello_offers(const struct client_hello *hello, const char *protocol);

#endif
