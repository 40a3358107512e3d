/* SPDX-License-Identifier: MIT */
/* Names of hosts with a port, as in app1.example.com:8080. */
#ifndef LBPAIR_COMMON_PURE_HOST_H
#define LBPAIR_COMMON_PURE_HOST_H

#include "common/pure/base.h"

/* RFC 1035 2.3.4: 255 bytes on the wire are 253 characters, and one more with the dot at the end. */
#define HOST_MAX 255

/*
 * Takes NAME:PORT apart: letters, digits, hyphens and underscores in labels of 1 to 63, the last of which is no number,
 * or an address that is mistyped would be taken for a name. -EINVAL.
 */
MUST_USE int host_parse(const char *text, char ret_name[static HOST_MAX], uint16_t *ret_port);

#endif
