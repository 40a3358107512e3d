/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts as TLS clients ask for them (RFC 6066 section 3), in one form so that they can be compared by their
 * bytes: lower case, without the dot at the end. An IP address is none. Does no I/O.
 */
#ifndef LBPAIR_COMMON_PURE_SERVER_NAME_H
#define LBPAIR_COMMON_PURE_SERVER_NAME_H

#include "common/pure/base.h"

/* RFC 1035 section 2.3.4, without the dot. */
#define SERVER_NAME_MAX 253
#define SERVER_NAME_LABELS_MAX 127
/* "*." and a name. */
#define SERVER_NAME_PATTERN_MAX (SERVER_NAME_MAX + 2)

/* -EINVAL: these `length` bytes are no name. */
MUST_USE int server_name_read(const char *bytes, size_t length, char ret_name[static SERVER_NAME_MAX + 1]);
/* A name, or `*.` and a name for all that end with it, or `*` for any. -EINVAL. */
MUST_USE int server_name_read_pattern(const char *text, char ret_pattern[static SERVER_NAME_PATTERN_MAX + 1]);

#endif
