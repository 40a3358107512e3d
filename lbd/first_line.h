/* SPDX-License-Identifier: MIT */
/* The first line of what comes in pieces, fit for the status: printable ASCII, other bytes as `?`, cut where it is
 * long. */
#ifndef LBPAIR_LBD_FIRST_LINE_H
#define LBPAIR_LBD_FIRST_LINE_H

#include "common/pure/base.h"

#define FIRST_LINE_MAX 90

struct first_line {
	char text[FIRST_LINE_MAX]; /* ended by NUL at any time */
	size_t length;
	bool ended; /* by a CR, an LF or a NUL */
};

void first_line_feed(struct first_line *line, const void *bytes, size_t count);

#endif
