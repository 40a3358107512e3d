/* SPDX-License-Identifier: MIT */
#include "common/pure/text.h"

#include "common/pure/mono.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Reads digits from `*text` on and moves it behind them. -EINVAL: no digit; -ERANGE: over 64 bits. */
static int read_digits(const char **text, uint64_t *ret_value)
{
	const char *at = *text;
	bool too_large = false;
	uint64_t value = 0;

	for (; *at >= '0' && *at <= '9'; at++)
		too_large = too_large || __builtin_mul_overflow(value, 10, &value) ||
			    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
	if (at == *text)
		return -EINVAL;
	*text = at;
	if (too_large)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int text_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;
	int r = read_digits(&text, &value);

	if (r == -EINVAL || *text != '\0')
		return -EINVAL;
	if (r < 0 || value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{"h", 3600 * NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"s", NS_PER_S},
	{"ms", NS_PER_MS},
};

int text_to_span_ns(const char *text, int64_t *ret_ns)
{
	uint64_t value = 0;
	int64_t span;
	int r = read_digits(&text, &value);

	if (r == -EINVAL)
		return r;
	if (r == 0 && value == 0 && *text == '\0') {
		*ret_ns = 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		if (r < 0 || __builtin_mul_overflow(value, (uint64_t)units[i].ns, &span))
			return -ERANGE;
		*ret_ns = span;
		return 0;
	}
	return -EINVAL;
}

const char *span_text(int64_t ns, char buffer[static SPAN_TEXT_MAX])
{
	if (ns == 0)
		return strcpy(buffer, "0s");
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (ns % units[i].ns == 0) {
			snprintf(buffer, SPAN_TEXT_MAX, "%lld%s", (long long)(ns / units[i].ns), units[i].name);
			return buffer;
		}
	}
	snprintf(buffer, SPAN_TEXT_MAX, "%.3fms", (double)ns / (double)NS_PER_MS);
	return buffer;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_to_bytes(const char *text, size_t length, uint8_t *to, size_t capacity, size_t *ret_count)
{
	if (length % 2 != 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (hex_digit(text[i]) < 0)
			return -EINVAL;
	}
	if (length / 2 > capacity)
		return -ERANGE;
	for (size_t i = 0; i < length / 2; i++)
		to[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	*ret_count = length / 2;
	return 0;
}

void bytes_to_hex(const uint8_t *bytes, size_t count, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	to[2 * count] = '\0';
}

#define NAME_MAX_COMPARED 64

/* Edit distance with swaps of neighbours (optimal string alignment); both at most NAME_MAX_COMPARED long. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_COMPARED + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
			size_t shifted = MIN(above[j], row[j - 1]) + 1;

			row[j] = MIN(replaced, shifted);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

const char *text_nearest(const char *word, const char *(*name_at)(const void *context, size_t i), const void *context)
{
	size_t length = strlen(word);
	size_t best_distance = MAX(length / 3, (size_t)1) + 1;
	const char *best = NULL;
	const char *name;

	if (length > NAME_MAX_COMPARED)
		return NULL;
	for (size_t i = 0; (name = name_at(context, i)) != NULL; i++) {
		size_t distance;

		if (strlen(name) > NAME_MAX_COMPARED)
			continue;
		distance = edit_distance(word, name);
		if (distance < best_distance) {
			best_distance = distance;
			best = name;
		}
	}
	return best;
}

/* Makes room for `more` bytes and the NUL behind them. */
static bool text_reserve(struct text *text, size_t more)
{
	size_t wanted, capacity;
	char *data;

	if (text->failed || __builtin_add_overflow(text->length, more, &wanted) ||
		__builtin_add_overflow(wanted, 1, &wanted)) {
		text->failed = true;
		return false;
	}
	if (wanted <= text->capacity)
		return true;
	capacity = MAX(wanted, text->capacity * 2);
	data = realloc(text->data, capacity);
	if (data == NULL) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->capacity = capacity;
	return true;
}

void text_add_bytes(struct text *text, const void *bytes, size_t count)
{
	if (!text_reserve(text, count))
		return;
	if (count > 0)
		memcpy(text->data + text->length, bytes, count);
	text->length += count;
	text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *piece)
{
	text_add_bytes(text, piece, strlen(piece));
}

void text_addv(struct text *text, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0 || !text_reserve(text, (size_t)length))
		return;
	vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
	text->length += (size_t)length;
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_addv(text, format, arguments);
	va_end(arguments);
}

const char *text_get(const struct text *text)
{
	return text->data != NULL ? text->data : "";
}

void text_consume(struct text *text, size_t count)
{
	assert(count <= text->length);
	if (count == 0)
		return;
	memmove(text->data, text->data + count, text->length - count + 1);
	text->length -= count;
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}
