/* SPDX-License-Identifier: MIT */
/*
 * What a server may answer to a health check: whatever it is and however it is cut, the outcome is the same, stands
 * after a bounded number of bytes, and has a reason where it is bad.
 */
#include "tests/fuzz/fuzz.h"

#include "lbd/http_response.h"

/* More than any response may take: the head, and a body of chunks of one byte. */
#define BYTES_MAX (HTTP_HEAD_MAX + 8 * HTTP_BODY_MAX + HTTP_HEAD_MAX)

static enum http_progress read_all(struct http_response *response, const uint8_t *data, size_t size, size_t piece)
{
	enum http_progress progress = HTTP_MORE;

	http_response_init(response, "ready");
	for (size_t at = 0; at < size && progress == HTTP_MORE; at += piece) {
		FUZZ_CHECK(at < BYTES_MAX);
		progress = http_response_feed(response, data + at, MIN(piece, size - at));
	}
	if (progress == HTTP_MORE)
		progress = http_response_end(response);
	FUZZ_CHECK(progress != HTTP_MORE);
	FUZZ_CHECK((progress == HTTP_BAD) == (response->error != NULL));
	FUZZ_CHECK(progress == HTTP_BAD || (response->status >= 200 && response->status <= 999));
	return progress;
}

/* The first byte says how large the pieces are in which the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_response whole, pieces;
	enum http_progress progress;

	if (size == 0)
		return 0;
	progress = read_all(&whole, data + 1, size - 1, size);
	FUZZ_CHECK(read_all(&pieces, data + 1, size - 1, (size_t)data[0] + 1) == progress);
	FUZZ_CHECK(pieces.status == whole.status && pieces.found == whole.found);
	return 0;
}
