/* SPDX-License-Identifier: MIT */
/* The operator's command: what its verbs share. */
#ifndef LBPAIR_LBCTL_LBCTL_H
#define LBPAIR_LBCTL_LBCTL_H

#include "common/pure/base.h"
#include "common/shell/client.h"

#include <jansson.h>

/* Exit status, as scripts rely on it. */
enum lbctl_exit {
	LBCTL_DONE = 0,
	LBCTL_FAILED = 1, /* refused or failed; the reason is on stderr */
	LBCTL_USAGE = 2,
	LBCTL_NO_DAEMON = 3,
};

#define LBCTL_OPTIONS_MAX 4
/* A service and its pools are the most. */
#define LBCTL_WORDS_MAX 17

enum verb_value {
	VALUE_NONE,
	VALUE_WANTED,
	VALUE_OPTIONAL,
};

struct verb_option {
	const char *name;
	enum verb_value value;
};

/* A verb's command line, checked against its row. */
struct invocation {
	const char *run_dir;
	const struct verb *verb;
	const char *words[LBCTL_WORDS_MAX];    /* NULL behind the last */
	const char *values[LBCTL_OPTIONS_MAX]; /* by the row's options; NULL: not given; "": given without one */
};

typedef enum lbctl_exit verb_fn(const struct invocation *invocation);

struct verb {
	const char *name; /* of one word or two */
	const char *arguments;
	const char *help;
	size_t words_min, words_max;
	struct verb_option options[LBCTL_OPTIONS_MAX]; /* up to the first without a name */
	verb_fn *fn;
};

/* The value of an option of the verb's row, "" where none is given; NULL when it was not given. */
const char *invocation_option(const struct invocation *invocation, const char *name);

enum daemon_id {
	DAEMON_LBD,
	DAEMON_VRRPD,
	DAEMON_COUNT,
};

const char *daemon_name(enum daemon_id id);
/*
 * Calls `method` there, taking the reference to `params`. When it fails, says why on stderr; the result is the exit
 * status.
 */
MUST_USE enum lbctl_exit daemon_call(const struct invocation *invocation, enum daemon_id id, const char *method,
	json_t *params, int timeout_ms, json_t **ret_result);

/*
 * Prints a string field of an answer, with a line end behind it if it has none. Releases the answer.
 */
enum lbctl_exit print_field(json_t *result, const char *key);

/* As client_call, and says nothing. */
MUST_USE int daemon_ask(const struct invocation *invocation, enum daemon_id id, const char *method, json_t *params,
	int timeout_ms, json_t **ret_result, char ret_error[static CLIENT_ERROR_MAX]);

/* Whether stdout is a terminal that shows colours, and they are wanted. */
bool wants_colour(void);

/* `lbctl: ...` on stderr. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
