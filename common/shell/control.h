/* SPDX-License-Identifier: MIT */
/*
 * The control server: JSON-RPC 2.0 (jsonrpc.org/specification), one object a line, over a Unix stream socket.
 *
 * A request is at most CONTROL_LINE_MAX bytes and a client has at most one under way at a time, further ones wait;
 * what is longer, is no JSON or no request is answered with JSON-RPC's own error and, where the stream cannot be
 * trusted any more, closed. A request without an id is carried out and not answered; an empty line is a sign of life
 * and nothing else. The server never blocks, does one request of a client a round of the loop, never holds more than
 * one answer for a client that does not read, and closes a client that has been silent for a minute.
 */
#ifndef LBPAIR_COMMON_SHELL_CONTROL_H
#define LBPAIR_COMMON_SHELL_CONTROL_H

#include "common/pure/text.h"
#include "common/shell/rpc.h"
#include "common/system/loop.h"

#include <jansson.h>

#define CONTROL_LINE_MAX ((size_t)64 * 1024)
#define CONTROL_CLIENTS_MAX 64
#define CONTROL_IDLE_NS (60 * NS_PER_S)

/* Why a command says no: the caller's mistake, or "understood, and refused". */
enum control_error {
	CONTROL_INVALID_PARAMS = RPC_INVALID_PARAMS,
	CONTROL_REFUSED = RPC_REFUSED,
};

struct control_server;
/* One request that waits for its answer. It stays valid until it is answered, also when its client has gone. */
struct control_call;

/*
 * Carries a command out. Every call is answered exactly once, by control_reply or control_refuse, in the function or
 * later, notifications too. `params` is an object (empty where the request had none) and lives until the call is
 * answered. The server must not be freed in here.
 */
typedef void control_fn(struct control_call *call, const json_t *params, void *context);

struct control_command {
	const char *name;
	control_fn *fn;
};

/*
 * Binds `path` (mode 0660, of group `group` where that exists and we may; NULL for none) and serves `commands`, which
 * end with a row whose name is NULL. A stale socket is replaced; the caller holds the run dir's lock.
 */
MUST_USE int control_server_new(struct loop *loop, const char *path, const char *group,
	const struct control_command *commands, void *context, struct control_server **ret_server);
/*
 * From here on nobody is accepted and no further line is taken: what is answered, the calls under way, calls nothing.
 * For whoever refuses them before what the commands work on goes.
 */
void control_server_stop(struct control_server *server);
/* Closes everything and removes the socket. Unanswered calls stay valid, their answers go nowhere. Accepts NULL. */
void control_server_free(struct control_server *server);
/* How long a client may be silent, from its next byte on, instead of CONTROL_IDLE_NS. */
void control_server_set_idle(struct control_server *server, int64_t idle_ns);

/* Takes the reference to `result`, which is at least an empty object; NULL is answered as "out of memory". */
void control_reply(struct control_call *call, json_t *result);
/* The same with JSON in a text, which stays the caller's; one that has failed is answered as "out of memory". */
void control_reply_text(struct control_call *call, const struct text *result);
void control_refuse(struct control_call *call, enum control_error code, const char *format, ...) PRINTF_LIKE(3, 4);

/* A parameter that is a string; NULL when it is absent or something else. */
const char *control_string(const json_t *params, const char *name);

#endif
