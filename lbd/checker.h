/* SPDX-License-Identifier: MIT */
/*
 * Carries the checks of servers out, in the control thread's loop: each once at the start, spread a little, and then
 * once an interval with a tenth of it as jitter, so that the checks of many servers do not come to march in step.
 */
#ifndef LBPAIR_LBD_CHECKER_H
#define LBPAIR_LBD_CHECKER_H

#include "common/model/conf.h"
#include "common/system/loop.h"

struct checker;

/* `text`: "HTTP 200 in 1 ms", "connection refused", "timeout after 1000 ms". */
typedef void checker_fn(void *context, size_t place, bool passed, const char *text);

struct checker_target {
	size_t place; /* handed to the callback */
	const struct check_conf *conf;
	struct endpoint server;
	int64_t delay_ns; /* of the first check */
};

/* The configuration must outlive the checker. -ENOMEM. */
MUST_USE int checker_new(struct loop *loop, const struct checker_target *target, checker_fn *fn, void *context,
	struct checker **ret_checker);
/* Not to be called in the callback. Accepts NULL. */
void checker_free(struct checker *checker);

#endif
