/* SPDX-License-Identifier: MIT */
#include "common/shell/rpc.h"

#include "common/shell/lines.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *line;
	int code;       /* 0: a good request */
	const char *id; /* as JSON; NULL: there is none */
	const char *method;
	bool params;
} requests[] = {
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}", 0, "1", "status", false},
	{"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"drain\",\"params\":{\"server\":\"b/c\"}}", 0, "\"a\"", "drain",
		true},
	{"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}", 0, "null", "x", false},
	{"{\"jsonrpc\":\"2.0\",\"method\":\"role\"}", 0, NULL, "role", false},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":[1]}", RPC_INVALID_PARAMS, "1", "x", false},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":null}", RPC_INVALID_PARAMS, "1", "x", false},
	{"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}", RPC_INVALID_REQUEST, NULL, NULL, false},
	{"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":3}", RPC_INVALID_REQUEST, "2", NULL, false},
	{"{\"jsonrpc\":\"1.0\",\"id\":2,\"method\":\"x\"}", RPC_INVALID_REQUEST, "2", NULL, false},
	{"{\"jsonrpc\":2.0,\"id\":2,\"method\":\"x\"}", RPC_INVALID_REQUEST, "2", NULL, false},
	{"{\"id\":2,\"method\":\"x\"}", RPC_INVALID_REQUEST, "2", NULL, false},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"x\"}", RPC_PARSE_ERROR, NULL, NULL, false},
	{"[]", RPC_INVALID_REQUEST, NULL, NULL, false},
	{"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}]", RPC_INVALID_REQUEST, NULL, NULL, false},
	{"3", RPC_INVALID_REQUEST, NULL, NULL, false},
	{"null", RPC_INVALID_REQUEST, NULL, NULL, false},
	{"", RPC_PARSE_ERROR, NULL, NULL, false},
	{" ", RPC_PARSE_ERROR, NULL, NULL, false},
	{"{", RPC_PARSE_ERROR, NULL, NULL, false},
	{"{} {}", RPC_PARSE_ERROR, NULL, NULL, false},
	{"GET / HTTP/1.1\r", RPC_PARSE_ERROR, NULL, NULL, false},
	{"\"\\ud800\"", RPC_PARSE_ERROR, NULL, NULL, false},
	{"\xff\xfe", RPC_PARSE_ERROR, NULL, NULL, false},
	/* 16 deep, and 17 */
	{"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", RPC_INVALID_REQUEST, NULL, NULL, false},
	{"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", RPC_PARSE_ERROR, NULL, NULL, false},
	/* brackets in strings are not nesting, and an escaped quote does not end one */
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\\"[[[[[[[[[[[[[[[[[[\"}", 0, "1", "\"[[[[[[[[[[[[[[[[[[", false},
};

static void expect_json(const json_t *value, const char *text)
{
	char *dumped;

	if (text == NULL) {
		assert_null(value);
		return;
	}
	dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	assert_non_null(dumped);
	assert_string_equal(dumped, text);
	free(dumped);
}

static void requests_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct rpc_request request;
		struct rpc_fault fault = {0};
		int r = rpc_parse_request(requests[i].line, strlen(requests[i].line), &request, &fault);

		assert_int_equal(r, requests[i].code == 0 ? 0 : -EBADMSG);
		assert_int_equal(fault.code, requests[i].code);
		expect_json(request.id, requests[i].id);
		if (requests[i].method != NULL)
			assert_string_equal(request.method, requests[i].method);
		if (r == 0)
			assert_true((request.params != NULL) == requests[i].params);
		else
			assert_non_null(fault.message);
		rpc_request_release(&request);
	}
}

static const struct {
	const char *line;
	int result;
	const char *said; /* the result as JSON, or the message */
} answers[] = {
	{"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"a\":1}}", 0, "{\"a\":1}"},
	{"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1,\"message\":\"the peer is away\"}}", -EREMOTEIO,
		"the peer is away"},
	{"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"not JSON\"}}", -EREMOTEIO,
		"not JSON"},
	{"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{}}", -EREMOTEIO, "refused without a reason"},
	{"{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{}}", -EPROTO, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":7}", -EPROTO, NULL},
	{"{\"id\":7,\"result\":{}}", -EPROTO, NULL},
	{"[]", -EPROTO, NULL},
	{"", -EPROTO, NULL},
};

static void answers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		json_t *result = NULL;
		char message[64] = "";
		int r = rpc_parse_answer(answers[i].line, strlen(answers[i].line), 7, &result, message, sizeof message);

		assert_int_equal(r, answers[i].result);
		if (r == -EREMOTEIO)
			assert_string_equal(message, answers[i].said);
		else
			expect_json(result, answers[i].said);
		json_decref(result);
	}
}

static void what_is_written_can_be_read(void **state)
{
	AUTO_TEXT out = {0};
	json_t *id = json_string("x");

	(void)state;
	rpc_write_call(&out, 3, "drain", json_pack("{ss}", "server", "a/b"));
	rpc_write_call(&out, 4, "status", NULL);
	rpc_write_notification(&out, "role", NULL);
	rpc_write_result(&out, id, json_object());
	rpc_write_fault(&out, NULL, RPC_PARSE_ERROR, "caf\xc3");
	json_decref(id);
	assert_false(out.failed);
	assert_string_equal(text_get(&out),
		"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"drain\",\"params\":{\"server\":\"a/b\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"status\"}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"role\"}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"caf?\"}}\n");
}

/* Lines: what is fed piece by piece, and what comes out. */

static const struct {
	const char *pieces[4];
	const char *lines[4];
	int end; /* what lines_next says after them */
	bool left;
} streams[] = {
	{{"one\ntwo\n"}, {"one", "two"}, 0, false},
	{{"o", "n", "e\n"}, {"one"}, 0, false},
	{{"\n\n"}, {"", ""}, 0, false},
	{{"half"}, {NULL}, 0, true},
	{{"one\nhalf"}, {"one"}, 0, true},
	{{"12345678\n"}, {"12345678"}, 0, false},
	{{"123456789\n"}, {NULL}, -EMSGSIZE, true},
	{{"1234", "56789"}, {NULL}, -EMSGSIZE, true},
	{{"one\n123456789"}, {"one"}, -EMSGSIZE, true},
	{{""}, {NULL}, 0, false},
};

static void streams_are_cut_into_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct lines lines = lines_of(8);
		const char *line;
		size_t length;

		for (size_t p = 0; p < 4 && streams[i].pieces[p] != NULL; p++) {
			assert_false(lines_ready(&lines));
			assert_int_equal(lines_feed(&lines, streams[i].pieces[p], strlen(streams[i].pieces[p])), 0);
		}
		for (size_t l = 0; l < 4 && streams[i].lines[l] != NULL; l++) {
			assert_true(lines_ready(&lines));
			assert_int_equal(lines_next(&lines, &line, &length), 1);
			assert_int_equal(length, strlen(streams[i].lines[l]));
			assert_memory_equal(line, streams[i].lines[l], length);
		}
		assert_true(lines_ready(&lines) == (streams[i].end != 0));
		assert_int_equal(lines_next(&lines, &line, &length), streams[i].end);
		assert_true(lines_is_empty(&lines) == !streams[i].left);
		lines_free(&lines);
	}
}

static void a_stream_goes_on_behind_a_line(void **state)
{
	struct lines lines = lines_of(8);
	const char *line;
	size_t length;

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(lines_feed(&lines, i == 0 ? "one\ntw" : "e\ntw", i == 0 ? 6 : 4), 0);
		assert_int_equal(lines_next(&lines, &line, &length), 1);
		assert_memory_equal(line, i == 0 ? "one" : "twe", 3);
		assert_int_equal(length, 3);
		assert_int_equal(lines_next(&lines, &line, &length), 0);
	}
	assert_true(lines.bytes.capacity < 64);
	lines_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(streams_are_cut_into_lines),
		cmocka_unit_test(a_stream_goes_on_behind_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
