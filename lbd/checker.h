/* SPDX-License-Identifier: MIT */
/*
 * One server's checks, in the control thread's loop: one at the start, spread a little, and then one each interval,
 * with a tenth of it as jitter, so that the checks of many servers do not come to march in step.
 */
#ifndef LBPAIR_LBD_CHECKER_H
#define LBPAIR_LBD_CHECKER_H

#include "common/pure/list.h"
#include "lbd/probe.h"

struct checker;

/* `text` is the result's, with the time that it took. */
typedef void checker_fn(void *context, uint32_t slot, const struct check_result *result, const char *text);

/* How many checks of a carrier are under way, and which checkers wait for room. */
struct checker_gate {
	unsigned under_way;
	struct list waiting;
	struct mono round; /* of the loop, and how many began in it */
	unsigned begun;
};

/* So many begin in one round of the loop, that beats, answers and the results of others are not kept waiting. */
#define CHECKER_BEGUN_MAX 64

struct checker_setup {
	struct loop *loop;
	struct children *children;
	struct checker_gate *gate;  /* of the check's carrier; outlives the checker */
	struct probe_target target; /* what it points at outlives the checker */
	uint32_t slot;              /* of the server, handed to the callback */
	int64_t delay_ns;           /* of the first check */
	checker_fn *fn;
	void *context;
};

/* -ENOMEM. */
MUST_USE int checker_new(const struct checker_setup *setup, struct checker **ret_checker);
/*
 * The same server by another configuration whose check reads the same; one that is under way begins anew. What the
 * former target points at may go afterwards.
 */
void checker_retarget(struct checker *checker, const struct probe_target *target);
const struct check_conf *checker_conf(const struct checker *checker);
/*
 * The server is there from now on: what is under way is broken off, and a check begins at once. A checker whose target
 * has no address (family 0, and no path) rests until then. Not to be called in the callback.
 */
void checker_set_address(struct checker *checker, const struct ip *address);
/* Not to be called in the callback. Accepts NULL. */
void checker_free(struct checker *checker);

#endif
