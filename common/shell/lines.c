/* SPDX-License-Identifier: MIT */
#include "common/shell/lines.h"

#include <errno.h>
#include <string.h>

struct lines lines_of(size_t line_max)
{
	return (struct lines){.line_max = line_max};
}

int lines_feed(struct lines *lines, const void *bytes, size_t count)
{
	text_consume(&lines->bytes, lines->start);
	lines->scanned -= lines->start;
	lines->start = 0;
	text_add_bytes(&lines->bytes, bytes, count);
	return lines->bytes.failed ? -ENOMEM : 0;
}

/* Moves `scanned` to the next line end; false: there is none. */
static bool find_end(struct lines *lines)
{
	size_t left = lines->bytes.length - lines->scanned;
	const char *end = left > 0 ? memchr(lines->bytes.data + lines->scanned, '\n', left) : NULL;

	lines->scanned = end != NULL ? (size_t)(end - lines->bytes.data) : lines->bytes.length;
	return end != NULL;
}

bool lines_ready(struct lines *lines)
{
	return find_end(lines) || lines->scanned - lines->start > lines->line_max;
}

int lines_next(struct lines *lines, const char **ret_line, size_t *ret_length)
{
	bool whole = find_end(lines);
	size_t length = lines->scanned - lines->start;

	if (length > lines->line_max)
		return -EMSGSIZE;
	if (!whole)
		return 0;
	*ret_line = lines->bytes.data + lines->start;
	*ret_length = length;
	lines->start = lines->scanned + 1;
	lines->scanned = lines->start;
	return 1;
}

bool lines_is_empty(const struct lines *lines)
{
	return lines->start == lines->bytes.length;
}

void lines_free(struct lines *lines)
{
	text_free(&lines->bytes);
}
