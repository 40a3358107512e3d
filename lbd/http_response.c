/* SPDX-License-Identifier: MIT */
#include "lbd/http_response.h"

#include <string.h>
#include <strings.h>

static enum http_progress bad(struct http_response *response, const char *error)
{
	response->error = error;
	return HTTP_BAD;
}

/* The search: Knuth, Morris and Pratt's, which looks at each byte of the body once and keeps none. */

static void search_prepare(struct http_response *response)
{
	const char *wanted = response->wanted;
	size_t k = 0;

	for (size_t i = 1; i < response->wanted_length; i++) {
		while (k > 0 && wanted[i] != wanted[k])
			k = response->fallback[k - 1];
		if (wanted[i] == wanted[k])
			k++;
		response->fallback[i] = (uint16_t)k;
	}
}

static void search_byte(struct http_response *response, char c)
{
	while (response->matched > 0 && response->wanted[response->matched] != c)
		response->matched = response->fallback[response->matched - 1];
	if (response->wanted[response->matched] == c)
		response->matched++;
	response->found = response->matched == response->wanted_length;
}

void http_response_init(struct http_response *response, const char *wanted)
{
	memset(response, 0, sizeof *response);
	response->wanted = wanted;
	response->wanted_length = strlen(wanted);
	assert(response->wanted_length <= HTTP_WANTED_MAX);
	search_prepare(response);
}

/* The head. */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9112 4: HTTP-version SP status-code SP [ reason-phrase ]; the last blank is often left out. */
static enum http_progress take_status(struct http_response *response)
{
	const char *line = response->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ')
		return bad(response, "not an HTTP response");
	for (size_t i = 9; i < 12; i++) {
		if (!is_digit(line[i]))
			return bad(response, "no HTTP status");
	}
	if (line[12] != ' ' && line[12] != '\0')
		return bad(response, "no HTTP status");
	response->status = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
	response->chunked = false;
	response->has_length = false;
	response->part = HTTP_PART_HEADERS;
	return HTTP_MORE;
}

/* Digits of `base` from `*text` on, which is moved behind them. False: none, or too large. */
static bool read_number(const char **text, unsigned base, uint64_t *ret_value)
{
	static const char digits[] = "0123456789abcdef";
	const char *start = *text;
	uint64_t value = 0;

	for (; **text != '\0'; (*text)++) {
		const char *digit = memchr(digits, **text | (**text >= 'A' ? 0x20 : 0), base);

		if (digit == NULL)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
			__builtin_add_overflow(value, (uint64_t)(digit - digits), &value))
			return false;
	}
	*ret_value = value;
	return *text != start;
}

static const char *header_value(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	line += length + 1;
	return line + strspn(line, " \t");
}

static enum http_progress head_ended(struct http_response *response)
{
	/* RFC 9110 15.2: an interim response; the final one follows. */
	if (response->status < 200) {
		response->part = HTTP_PART_STATUS;
		return HTTP_MORE;
	}
	if (response->wanted_length == 0 || response->status == 204 || response->status == 304)
		return HTTP_DONE;
	if (response->chunked) {
		response->part = HTTP_PART_CHUNK_SIZE;
		return HTTP_MORE;
	}
	if (response->has_length && response->left == 0)
		return HTTP_DONE;
	if (!response->has_length)
		response->left = UINT64_MAX;
	response->part = HTTP_PART_BODY;
	return HTTP_MORE;
}

static enum http_progress take_header(struct http_response *response)
{
	const char *value;

	if (response->line[0] == '\0')
		return head_ended(response);
	value = header_value(response->line, "transfer-encoding");
	if (value != NULL)
		response->chunked = strcasecmp(value, "chunked") == 0;
	value = header_value(response->line, "content-length");
	if (value != NULL) {
		if (!read_number(&value, 10, &response->left) || value[strspn(value, " \t")] != '\0')
			return bad(response, "Content-Length is not a number");
		response->has_length = true;
	}
	return HTTP_MORE;
}

static enum http_progress take_chunk_size(struct http_response *response)
{
	const char *text = response->line;

	if (!read_number(&text, 16, &response->left) || (*text != '\0' && *text != ';' && *text != ' '))
		return bad(response, "a chunk without a size");
	if (response->left == 0)
		return HTTP_DONE;
	response->head_size = 0;
	response->part = HTTP_PART_CHUNK;
	return HTTP_MORE;
}

static enum http_progress take_line(struct http_response *response)
{
	if (response->line_length > 0 && response->line[response->line_length - 1] == '\r')
		response->line_length--;
	response->line[response->line_length] = '\0';
	response->line_length = 0;
	switch (response->part) {
	case HTTP_PART_STATUS:
		return take_status(response);
	case HTTP_PART_HEADERS:
		return take_header(response);
	case HTTP_PART_CHUNK_SIZE:
		return take_chunk_size(response);
	case HTTP_PART_CHUNK_END:
		response->part = HTTP_PART_CHUNK_SIZE;
		return response->line[0] == '\0' ? HTTP_MORE : bad(response, "a chunk longer than its size");
	case HTTP_PART_BODY:
	case HTTP_PART_CHUNK:
		break;
	}
	return HTTP_MORE;
}

static enum http_progress feed_line(struct http_response *response, char c)
{
	if (++response->head_size > HTTP_HEAD_MAX)
		return bad(response, "HTTP headers too long");
	if (c == '\n')
		return take_line(response);
	if (c == '\0')
		return bad(response, "a NUL in the HTTP headers");
	/* What does not fit is cut off: nothing that is looked at is so long. */
	if (response->line_length < HTTP_LINE_MAX - 1)
		response->line[response->line_length++] = c;
	return HTTP_MORE;
}

static enum http_progress feed_body(struct http_response *response, char c)
{
	search_byte(response, c);
	if (response->found || ++response->body_size >= HTTP_BODY_MAX)
		return HTTP_DONE;
	if (--response->left > 0)
		return HTTP_MORE;
	if (response->part == HTTP_PART_BODY)
		return HTTP_DONE;
	response->part = HTTP_PART_CHUNK_END;
	return HTTP_MORE;
}

enum http_progress http_response_feed(struct http_response *response, const void *bytes, size_t count)
{
	const char *text = bytes;

	for (size_t i = 0; i < count; i++) {
		bool in_body = response->part == HTTP_PART_BODY || response->part == HTTP_PART_CHUNK;
		enum http_progress progress = in_body ? feed_body(response, text[i]) : feed_line(response, text[i]);

		if (progress != HTTP_MORE)
			return progress;
	}
	return HTTP_MORE;
}

enum http_progress http_response_end(struct http_response *response)
{
	/* RFC 9112 6.3: without a length the body ends with the connection. */
	if (response->part == HTTP_PART_BODY && !response->has_length)
		return HTTP_DONE;
	return bad(response, "connection closed before the response's end");
}
