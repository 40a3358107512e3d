/* SPDX-License-Identifier: MIT */
/* Text: numbers and units out of it, hex, the nearest name to a misspelt one, and a buffer that grows. */
#ifndef LBPAIR_COMMON_PURE_TEXT_H
#define LBPAIR_COMMON_PURE_TEXT_H

#include "common/pure/base.h"

#include <stdarg.h>

/* Decimal digits only, no sign, no blanks. -EINVAL: not a number; -ERANGE: outside min..max. */
MUST_USE int text_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);
/* A time with its unit ms, s, m or h, as nanoseconds; "0" alone needs none. -EINVAL: no unit or not a time; -ERANGE. */
MUST_USE int text_to_span_ns(const char *text, int64_t *ret_ns);
/* The shortest exact form of a whole number of milliseconds given in nanoseconds: 100ms, 3s, 10m. */
#define SPAN_TEXT_MAX 32
const char *span_text(int64_t ns, char buffer[static SPAN_TEXT_MAX]);

/* Reads an even number of hex digits, nothing else. -EINVAL; -ERANGE: more than `capacity` bytes. */
MUST_USE int hex_to_bytes(const char *text, size_t length, uint8_t *to, size_t capacity, size_t *ret_count);
/* Writes 2 * count digits and a NUL. */
void bytes_to_hex(const uint8_t *bytes, size_t count, char *to);

/*
 * The name nearest to `word` by insertions, deletions, replacements and swaps of neighbours, NULL when none is near
 * enough to be meant (a third of the word's length, at least 1). `name_at(context, i)` gives name i, NULL after the
 * last.
 */
const char *text_nearest(const char *word, const char *(*name_at)(const void *context, size_t i), const void *context);

/* A NUL-terminated text that grows. Running out of memory is sticky: `failed`, and the text stays as it was. */
struct text {
	char *data; /* NULL while empty */
	size_t length;
	size_t capacity;
	bool failed;
};

void text_add(struct text *text, const char *piece);
void text_add_bytes(struct text *text, const void *bytes, size_t count);
void text_addf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_addv(struct text *text, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* The text so far, "" while empty. */
const char *text_get(const struct text *text);
/* Takes the first `count` bytes away. */
void text_consume(struct text *text, size_t count);
void text_free(struct text *text);
#define AUTO_TEXT AUTO(text_free) struct text

#endif
