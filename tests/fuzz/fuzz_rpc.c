/* SPDX-License-Identifier: MIT */
/*
 * What a client may send to a control socket, and what an impostor may answer: cut into lines as it comes, each line is
 * a request or earns an answer that is one line of JSON.
 */
#include "tests/fuzz/fuzz.h"

#include "common/shell/lines.h"
#include "common/shell/rpc.h"

#include <string.h>

#define LINE_MAX_FUZZED 4096

static void check_fault(const struct rpc_request *request, const struct rpc_fault *fault)
{
	AUTO_TEXT out = {0};
	json_t *answer;

	rpc_write_fault(&out, request->id, fault->code, fault->message);
	FUZZ_CHECK(!out.failed && strchr(text_get(&out), '\n') == out.data + out.length - 1);
	answer = json_loadb(text_get(&out), out.length, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(json_is_object(json_object_get(answer, "error")));
	if (request->id != NULL)
		FUZZ_CHECK(json_equal(json_object_get(answer, "id"), request->id));
	json_decref(answer);
}

static void read_line(const char *line, size_t length)
{
	struct rpc_request request;
	struct rpc_fault fault = {0};
	json_t *result = NULL;
	char message[16];

	FUZZ_CHECK(length <= LINE_MAX_FUZZED && memchr(line, '\n', length) == NULL);
	if (rpc_parse_request(line, length, &request, &fault) == 0)
		FUZZ_CHECK(request.method != NULL && (request.params == NULL || json_is_object(request.params)));
	else
		check_fault(&request, &fault);
	rpc_request_release(&request);

	FUZZ_CHECK((rpc_parse_answer(line, length, 1, &result, message, sizeof message) == 0) == (result != NULL));
	json_decref(result);
}

/* The first byte says how large the pieces are in which the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines = lines_of(LINE_MAX_FUZZED);
	const char *line;
	size_t length, piece;
	int r = 0;

	for (size_t at = 1; at < size && r == 0; at += piece) {
		piece = MIN((size_t)data[0] + 1, size - at);
		FUZZ_CHECK(lines_feed(&lines, data + at, piece) == 0);
		while ((r = lines_next(&lines, &line, &length)) > 0)
			read_line(line, length);
	}
	lines_free(&lines);
	return 0;
}
