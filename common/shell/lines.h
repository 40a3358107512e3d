/* SPDX-License-Identifier: MIT */
/*
 * Cuts a stream of bytes into lines of bounded length. Does no I/O. Who feeds it only when no line is ready keeps at
 * most one line and what was fed last.
 */
#ifndef LBPAIR_COMMON_SHELL_LINES_H
#define LBPAIR_COMMON_SHELL_LINES_H

#include "common/pure/base.h"
#include "common/pure/text.h"

struct lines {
	struct text bytes;
	size_t start;   /* of the first line that has not been given out */
	size_t scanned; /* from `start` up to here there is no line end */
	size_t line_max;
};

/* For lines of up to `line_max` bytes, their end not counted. */
struct lines lines_of(size_t line_max);
/* -ENOMEM. */
MUST_USE int lines_feed(struct lines *lines, const void *bytes, size_t count);
/* Whether lines_next has something to say. */
bool lines_ready(struct lines *lines);
/*
 * 1 and the next line without its end, valid until lines_feed; 0: no whole line is there; -EMSGSIZE: the next line is
 * longer than the limit, and this stream gives no further one.
 */
MUST_USE int lines_next(struct lines *lines, const char **ret_line, size_t *ret_length);
/* Whether there are bytes that have not been given out. */
bool lines_is_empty(const struct lines *lines);
void lines_free(struct lines *lines);

#endif
