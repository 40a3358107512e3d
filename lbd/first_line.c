/* SPDX-License-Identifier: MIT */
#include "lbd/first_line.h"

void first_line_feed(struct first_line *line, const void *bytes, size_t count)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < count && !line->ended; i++) {
		if (at[i] == '\n' || at[i] == '\r' || at[i] == '\0') {
			line->ended = true;
		} else if (line->length + 1 < FIRST_LINE_MAX) {
			line->text[line->length++] = at[i] >= ' ' && at[i] <= '~' ? (char)at[i] : '?';
			line->text[line->length] = '\0';
		}
	}
}
