/* SPDX-License-Identifier: MIT */
/*
 * Kinds of checks, one row each: what is said to a server and how its answer is judged. No I/O; checker.c does that.
 */
#ifndef LBPAIR_LBD_CHECK_H
#define LBPAIR_LBD_CHECK_H

#include "common/model/conf.h"
#include "lbd/http_response.h"

#define CHECK_TEXT_MAX 96

enum check_progress {
	CHECK_MORE,
	CHECK_PASSED,
	CHECK_FAILED,
};

/* What is kept while one check is under way. */
union check_state {
	struct http_response http;
};

struct check_ops {
	const char *name;
	/* Adds what is to be sent once the connection stands. NULL: the connection itself is what was to be shown. */
	void (*request)(const struct check_conf *conf, const struct endpoint *server, struct text *out);
	void (*begin)(union check_state *state, const struct check_conf *conf);
	/*
	 * Takes what has been received, or with `count` 0 that the stream has ended. `text` is written when it is not
	 * CHECK_MORE: what came ("HTTP 200"), or what was wrong.
	 */
	enum check_progress (*feed)(union check_state *state, const struct check_conf *conf, const void *bytes,
		size_t count, char text[static CHECK_TEXT_MAX]);
};

/* The row of CHECK_NONE is NULL. */
extern const struct check_ops *const check_table[CHECK_COUNT];

extern const struct check_ops check_tcp;
extern const struct check_ops check_http;

#endif
