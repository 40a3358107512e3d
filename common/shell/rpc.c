/* SPDX-License-Identifier: MIT */
#include "common/shell/rpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How deep the brackets outside of strings are nested at most; jansson's own bound is a hundred times what we want. */
static unsigned depth_of(const char *line, size_t length)
{
	unsigned depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++) {
		char c = line[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if (c == '{' || c == '[')
			deepest = MAX(deepest, ++depth);
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return deepest;
}

static int fail(struct rpc_fault *ret_fault, enum rpc_error code, const char *message)
{
	*ret_fault = (struct rpc_fault){code, message};
	return -EBADMSG;
}

static bool is_version_2(const json_t *document)
{
	const char *version = json_string_value(json_object_get(document, "jsonrpc"));

	return version != NULL && strcmp(version, "2.0") == 0;
}

int rpc_parse_request(const char *line, size_t length, struct rpc_request *ret_request, struct rpc_fault *ret_fault)
{
	json_t *id;

	*ret_request = (struct rpc_request){0};
	if (depth_of(line, length) > RPC_DEPTH_MAX)
		return fail(ret_fault, RPC_PARSE_ERROR, "nested too deep");
	ret_request->document = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (ret_request->document == NULL)
		return fail(ret_fault, RPC_PARSE_ERROR, "not JSON");
	if (json_is_array(ret_request->document))
		return fail(ret_fault, RPC_INVALID_REQUEST, "batches are not supported, send one request a line");
	if (!json_is_object(ret_request->document))
		return fail(ret_fault, RPC_INVALID_REQUEST, "not a request object");

	id = json_object_get(ret_request->document, "id");
	if (id != NULL && !json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return fail(ret_fault, RPC_INVALID_REQUEST, "the id is no string, number or null");
	ret_request->id = id;
	if (!is_version_2(ret_request->document))
		return fail(ret_fault, RPC_INVALID_REQUEST, "\"jsonrpc\" is not \"2.0\"");
	ret_request->method = json_string_value(json_object_get(ret_request->document, "method"));
	if (ret_request->method == NULL)
		return fail(ret_fault, RPC_INVALID_REQUEST, "the method is no string");
	ret_request->params = json_object_get(ret_request->document, "params");
	if (ret_request->params != NULL && !json_is_object(ret_request->params))
		return fail(ret_fault, RPC_INVALID_PARAMS, "the params are no object");
	return 0;
}

void rpc_request_release(struct rpc_request *request)
{
	json_decref(request->document);
	*request = (struct rpc_request){0};
}

int rpc_parse_answer(
	const char *line, size_t length, json_int_t id, json_t **ret_result, char *ret_message, size_t capacity)
{
	json_t *document = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	json_t *result = json_object_get(document, "result");
	json_t *error = json_object_get(document, "error");
	int r = -EPROTO;

	if (!is_version_2(document)) {
		r = -EPROTO;
	} else if (json_is_object(error)) {
		/* What was refused before its id was read carries null. */
		const char *message = json_string_value(json_object_get(error, "message"));

		snprintf(ret_message, capacity, "%s", message != NULL ? message : "refused without a reason");
		r = json_integer_value(json_object_get(error, "code")) == RPC_UNKNOWN_METHOD ? -EOPNOTSUPP : -EREMOTEIO;
	} else if (result != NULL && json_integer_value(json_object_get(document, "id")) == id) {
		*ret_result = json_incref(result);
		r = 0;
	}
	json_decref(document);
	return r;
}

static int add_to_text(const char *bytes, size_t count, void *text)
{
	text_add_bytes(text, bytes, count);
	return ((struct text *)text)->failed ? -1 : 0;
}

/* Writes and releases `document`; NULL is what jansson gives when it has no memory. */
static void write_line(struct text *out, json_t *document)
{
	if (document == NULL || json_dump_callback(document, add_to_text, out, JSON_COMPACT) < 0)
		out->failed = true;
	text_add(out, "\n");
	json_decref(document);
}

void rpc_write_call(struct text *out, json_int_t id, const char *method, json_t *params)
{
	write_line(out, json_pack("{ss sI ss so*}", "jsonrpc", "2.0", "id", id, "method", method, "params", params));
}

void rpc_write_notification(struct text *out, const char *method, json_t *params)
{
	write_line(out, json_pack("{ss ss so*}", "jsonrpc", "2.0", "method", method, "params", params));
}

void rpc_write_result(struct text *out, json_t *id, json_t *result)
{
	write_line(out, json_pack("{ss sO? so}", "jsonrpc", "2.0", "id", id, "result", result));
}

void rpc_write_result_text(struct text *out, json_t *id, const struct text *result)
{
	text_add(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (json_dump_callback(id, add_to_text, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		out->failed = true;
	text_add(out, ",\"result\":");
	text_add_bytes(out, text_get(result), result->length);
	text_add(out, "}\n");
}

/* A message that was cut inside of a character must not cost the answer. */
static json_t *json_message(const char *message)
{
	json_t *string = json_string(message);
	AUTO_TEXT ascii = {0};

	if (string != NULL)
		return string;
	text_add(&ascii, message);
	for (size_t i = 0; i < ascii.length; i++) {
		if ((unsigned char)ascii.data[i] > 127)
			ascii.data[i] = '?';
	}
	return json_string(text_get(&ascii));
}

void rpc_write_fault(struct text *out, json_t *id, enum rpc_error code, const char *message)
{
	write_line(out, json_pack("{ss sO? s{si so}}", "jsonrpc", "2.0", "id", id, "error", "code", (int)code,
				"message", json_message(message)));
}
