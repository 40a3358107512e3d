/* SPDX-License-Identifier: MIT */
#include "lbd/http_response.h"

#include "tests/unit/unit.h"

#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"

/* `end` is what is said when the stream ends there; where the response is whole before, it is not asked. */
static const struct {
	const char *input;
	const char *wanted;
	enum http_progress whole;
	enum http_progress end;
	unsigned status;
	bool found;
} cases[] = {
	{OK "Server: x\r\n\r\n", "", HTTP_DONE, 0, 200, false},
	{"HTTP/1.0 503 Service Unavailable\n\n", "", HTTP_DONE, 0, 503, false},
	{"HTTP/1.1 204\r\n\r\n", "x", HTTP_DONE, 0, 204, false},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\n\r\n", "", HTTP_DONE, 0, 302, false},
	{OK "Content-Length: 5\r\n\r\nhello", "ell", HTTP_DONE, 0, 200, true},
	{OK "content-length: 5 \r\n\r\nhello", "elx", HTTP_DONE, 0, 200, false},
	{OK "Content-Length: 4\r\n\r\nhello", "hello", HTTP_DONE, 0, 200, false},
	{OK "Content-Length: 0\r\n\r\n", "hello", HTTP_DONE, 0, 200, false},
	{OK "\r\nababac", "abac", HTTP_DONE, 0, 200, true},
	{OK "\r\naaaaab", "aaab", HTTP_DONE, 0, 200, true},
	{OK "\r\nsomething", "nothing", HTTP_MORE, HTTP_DONE, 200, false},
	{OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", "hello", HTTP_DONE, 0, 200, true},
	{OK "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "90", HTTP_DONE, 0, 200, false},
	{OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n", "zz", HTTP_BAD, 0, 200, false},
	{OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "zz", HTTP_BAD, 0, 200, false},
	{OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "zz", HTTP_BAD, 0, 200, false},
	{OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhe", "zz", HTTP_MORE, HTTP_BAD, 200, false},
	{OK "Content-Length: 99999999999999999999\r\n\r\n", "x", HTTP_BAD, 0, 200, false},
	{OK "Content-Length: -1\r\n\r\n", "x", HTTP_BAD, 0, 200, false},
	{OK "Content-Length: 9\r\n\r\nabc", "x", HTTP_MORE, HTTP_BAD, 200, false},
	{OK "Server:", "", HTTP_MORE, HTTP_BAD, 200, false},
	{"", "", HTTP_MORE, HTTP_BAD, 0, false},
	{"SSH-2.0-OpenSSH\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1 20\r\n\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1 2000\r\n\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1\r\n\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/2 200\r\n\r\n", "", HTTP_BAD, 0, 0, false},
	{"\r\n", "", HTTP_BAD, 0, 0, false},
};

static void in_pieces_of(size_t piece, size_t i)
{
	static struct http_response response;
	size_t length = strlen(cases[i].input);
	enum http_progress progress = HTTP_MORE;

	http_response_init(&response, cases[i].wanted);
	for (size_t at = 0; at < length && progress == HTTP_MORE; at += piece) {
		/* A copy of exactly that size, so that a read past its end is seen. */
		size_t size = MIN(piece, length - at);
		AUTO_FREE char *copy = malloc(size);

		memcpy(copy, cases[i].input + at, size);
		progress = http_response_feed(&response, copy, size);
	}
	if (progress != cases[i].whole)
		fail_msg("case %zu in pieces of %zu: %d", i, piece, progress);
	if (progress == HTTP_MORE)
		progress = http_response_end(&response);
	else
		assert_int_equal(cases[i].end, 0);
	if (cases[i].whole == HTTP_MORE)
		assert_int_equal(progress, cases[i].end);
	assert_int_equal(response.error != NULL, progress == HTTP_BAD);
	assert_int_equal(response.status, cases[i].status);
	assert_int_equal(response.found, cases[i].found);
}

static void responses_are_read_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 120; piece++)
			in_pieces_of(piece, i);
	}
}

/* Feeds `head` and then `filler` again and again; how many bytes are taken until it is not "more" any longer. */
static size_t taken(const char *head, const char *filler, const char *wanted, enum http_progress *ret_progress)
{
	static struct http_response response;
	size_t total = 0;

	http_response_init(&response, wanted);
	assert_int_equal(http_response_feed(&response, head, strlen(head)), HTTP_MORE);
	while (total < (1u << 20)) {
		*ret_progress = http_response_feed(&response, filler, strlen(filler));
		total += strlen(filler);
		if (*ret_progress != HTTP_MORE)
			break;
	}
	return total;
}

static void what_does_not_end_is_ended(void **state)
{
	enum http_progress progress;

	(void)state;
	assert_in_range(taken("", "HTTP/1.1 100 x\r\n\r\n", "", &progress), 1, HTTP_HEAD_MAX + 100);
	assert_int_equal(progress, HTTP_BAD);
	assert_in_range(taken(OK, "X-Header: something or other\r\n", "", &progress), 1, HTTP_HEAD_MAX + 100);
	assert_int_equal(progress, HTTP_BAD);
	assert_in_range(taken(OK "X: ", "y", "", &progress), 1, HTTP_HEAD_MAX + 100);
	assert_int_equal(progress, HTTP_BAD);
	assert_in_range(taken(OK "\r\n", "body", "nothing", &progress), 1, HTTP_BODY_MAX + 100);
	assert_int_equal(progress, HTTP_DONE);
	assert_in_range(taken(OK "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", "nothing", &progress), 1,
		6 * HTTP_BODY_MAX + 100);
	assert_int_equal(progress, HTTP_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_are_read_in_any_pieces),
		cmocka_unit_test(what_does_not_end_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
