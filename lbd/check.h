/* SPDX-License-Identifier: MIT */
/*
 * Kinds of checks, one row each: what is said to a server and how its answer is judged. No I/O: a row names the carrier
 * (probe.h) that does that.
 */
#ifndef LBPAIR_LBD_CHECK_H
#define LBPAIR_LBD_CHECK_H

#include "common/model/conf.h"
#include "lbd/agent.h"
#include "lbd/first_line.h"
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
	struct first_line line;
};

/* What came of one check. */
struct check_result {
	bool passed;
	int64_t took_ns;
	bool agent;                  /* it is of `check agent` */
	struct agent_words words;    /* that the agent has said; where it has passed */
	char what[CHECK_TEXT_MAX];   /* "HTTP 200", "connection refused" */
	char more[CHECK_TEXT_MAX];   /* what follows the time that it took: ", certificate until 2027-01-02" */
	int64_t certificate_until_s; /* since 1970; 0: none was shown */
};

#define CHECK_RESULT_TEXT_MAX (2 * CHECK_TEXT_MAX + 32)

/* "HTTP 200 in 1 ms", "timeout after 1000 ms": what operators read. */
const char *check_result_text(
	const struct check_result *result, int64_t took_ns, char text[static CHECK_RESULT_TEXT_MAX]);
/* The error as one reads it in a sentence: "connection refused". */
void check_result_error(struct check_result *result, int error);

/* What carries a check to the server. */
enum check_carrier {
	CHECK_BY_STREAM,
	CHECK_BY_DATAGRAM,
	CHECK_BY_SCRIPT,
	CHECK_CARRIER_COUNT,
};

struct check_ops {
	const char *name;
	enum check_carrier carrier;
	bool listens; /* the server speaks unasked */
	/* Whether the stream is TLS. NULL: never. */
	bool (*wants_tls)(const struct check_conf *conf);
	/* Adds what is to be sent once the stream stands. NULL: the stream itself is what was to be shown. */
	void (*request)(const struct check_conf *conf, const struct endpoint *server, struct text *out);
	void (*begin)(union check_state *state, const struct check_conf *conf);
	/*
	 * Takes what has been received, or with `count` 0 that the stream has ended. `text` is written when it is not
	 * CHECK_MORE: what came ("HTTP 200"), or what was wrong.
	 */
	enum check_progress (*feed)(union check_state *state, const struct check_conf *conf, const void *bytes,
		size_t count, char text[static CHECK_TEXT_MAX]);
	/* Adds to the result what was learnt beyond that. NULL: nothing. */
	void (*conclude)(const union check_state *state, struct check_result *result);
};

/* The row of CHECK_NONE is NULL. */
extern const struct check_ops *const check_table[CHECK_COUNT];

extern const struct check_ops check_tcp;
extern const struct check_ops check_tls;
extern const struct check_ops check_http;
extern const struct check_ops check_script;
extern const struct check_ops check_udp;
extern const struct check_ops check_agent;

bool check_wants_tls(const struct check_conf *conf);
/* Whether both check the same in the same way. */
bool check_conf_equal(const struct check_conf *a, const struct check_conf *b);

#endif
