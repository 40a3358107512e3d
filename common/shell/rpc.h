/* SPDX-License-Identifier: MIT */
/* JSON-RPC 2.0 (jsonrpc.org/specification) as text: requests read, requests and answers written. Does no I/O. */
#ifndef LBPAIR_COMMON_SHELL_RPC_H
#define LBPAIR_COMMON_SHELL_RPC_H

#include "common/pure/base.h"
#include "common/pure/text.h"

#include <jansson.h>

/* Section 5.1 of the specification; what is above -32768 is the application's. */
enum rpc_error {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_UNKNOWN_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL_ERROR = -32603,
	RPC_REFUSED = 1,
};

/* Objects and arrays may be nested this deep. */
#define RPC_DEPTH_MAX 16

struct rpc_request {
	json_t *document; /* the one reference; the others are borrowed from it */
	json_t *id;       /* NULL: a notification, which is not answered */
	const char *method;
	json_t *params; /* an object, or NULL where the request has none */
};

struct rpc_fault {
	enum rpc_error code;
	const char *message;
};

/*
 * Reads one request. On failure -EBADMSG, a fault to answer with, and in `ret_request` the id where there is one (and
 * a document to be released in any case). A batch is an invalid request.
 */
MUST_USE int rpc_parse_request(
	const char *line, size_t length, struct rpc_request *ret_request, struct rpc_fault *ret_fault);
void rpc_request_release(struct rpc_request *request);

/*
 * Reads one answer. 0 and the result, owned by the caller; -EREMOTEIO: it is an error, whose message is put into
 * `ret_message` (cut where it is longer than `capacity`), -EOPNOTSUPP: that of a method which is not known there;
 * -EPROTO: it is no answer to the request of that id.
 */
MUST_USE int rpc_parse_answer(
	const char *line, size_t length, json_int_t id, json_t **ret_result, char *ret_message, size_t capacity);

/*
 * Write one line with its end. They take the reference to `params` and `result`; an `id` of NULL is written as null.
 * Running out of memory shows in out->failed.
 */
void rpc_write_call(struct text *out, json_int_t id, const char *method, json_t *params);
void rpc_write_notification(struct text *out, const char *method, json_t *params);
void rpc_write_result(struct text *out, json_t *id, json_t *result);
/* The same of a result that is JSON already, without newlines. */
void rpc_write_result_text(struct text *out, json_t *id, const struct text *result);
void rpc_write_fault(struct text *out, json_t *id, enum rpc_error code, const char *message);

#endif
