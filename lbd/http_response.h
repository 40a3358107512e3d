/* SPDX-License-Identifier: MIT */
/*
 * Reads an HTTP/1 response (RFC 9112) piece by piece, as far as a health check wants it: the status, and whether the
 * body holds a text. Nothing of the response is kept; headers over HTTP_HEAD_MAX bytes are an error, and the body is
 * searched up to HTTP_BODY_MAX bytes.
 */
#ifndef LBPAIR_LBD_HTTP_RESPONSE_H
#define LBPAIR_LBD_HTTP_RESPONSE_H

#include "common/pure/base.h"

#define HTTP_HEAD_MAX ((size_t)16 * 1024)
#define HTTP_BODY_MAX ((size_t)64 * 1024)
#define HTTP_WANTED_MAX ((size_t)1024)
#define HTTP_LINE_MAX ((size_t)256)

enum http_progress {
	HTTP_MORE, /* feed more */
	HTTP_DONE, /* `status` and `found` stand */
	HTTP_BAD,  /* `error` says why */
};

struct http_response {
	/* Results. */
	unsigned status;
	bool found;
	const char *error; /* a constant text */

	/* The rest is http_response.c's. */
	enum http_part {
		HTTP_PART_STATUS,
		HTTP_PART_HEADERS,
		HTTP_PART_BODY,
		HTTP_PART_CHUNK_SIZE,
		HTTP_PART_CHUNK,
		HTTP_PART_CHUNK_END,
	} part;
	bool chunked;
	bool has_length;
	uint64_t left; /* of the body or the chunk */
	size_t head_size;
	size_t body_size;
	size_t line_length;
	char line[HTTP_LINE_MAX]; /* the beginning of the line at hand */
	const char *wanted;
	size_t wanted_length;
	size_t matched;
	uint16_t fallback[HTTP_WANTED_MAX];
};

/* `wanted`, which the caller keeps: the text to look for, at most HTTP_WANTED_MAX bytes; "": the body is not read. */
void http_response_init(struct http_response *response, const char *wanted);
enum http_progress http_response_feed(struct http_response *response, const void *bytes, size_t count);
/* The stream has ended. */
enum http_progress http_response_end(struct http_response *response);

#endif
