/* SPDX-License-Identifier: MIT */
/* ClientHellos to test with: as a client writes them, or wrong in some place. */
#ifndef LBPAIR_TESTS_UNIT_HELLO_H
#define LBPAIR_TESTS_UNIT_HELLO_H

#include "common/pure/base.h"

#define HELLO_MAX ((size_t)20 * 1024)

struct hello_plan {
	const char *name;      /* NULL: no server_name extension */
	const char *protocols; /* with commas; NULL: no ALPN extension */
	const char *second;    /* a second host_name in the list */
	size_t padding;        /* bytes of another extension, such as a large key share has */
	size_t fragment;       /* bytes of the message in a record; 0: as many as a record takes */
	bool grease;           /* RFC 8701 */
	bool no_extensions;
	bool name_twice; /* the extension */
};

/* Writes the records; their size. */
size_t hello_write(const struct hello_plan *plan, uint8_t to[static HELLO_MAX]);

#endif
