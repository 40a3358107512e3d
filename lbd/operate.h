/* SPDX-License-Identifier: MIT */
/*
 * What operators ask for: whether it can be granted, and what then is decided (runtime.h) and done on this node. No
 * I/O; the director carries it to the workers.
 */
#ifndef LBPAIR_LBD_OPERATE_H
#define LBPAIR_LBD_OPERATE_H

#include "common/pure/text.h"
#include "lbd/closings.h"
#include "lbd/runtime.h"
#include "lbd/servers.h"

enum operation_kind {
	OPERATE_DRAIN,
	OPERATE_ENABLE,
	OPERATE_DISABLE,
	OPERATE_WEIGHT,
	OPERATE_POOLS, /* switch and split */
	OPERATE_ROLLBACK,
	OPERATE_COUNT,
};

struct operation {
	enum operation_kind kind;
	const char *target; /* POOL/SERVER, or SERVICE for the last two */
	unsigned weight;
	uint32_t pace;     /* of drain: so many connections are closed a second; 0: none */
	const char *pools; /* `blue:90 green:10` */
	bool force;        /* though no server is up there */
};

struct operate {
	const struct layout *layout;
	struct runtime *runtime;
	struct servers *servers;
	struct closings *closings;
	struct mono now;
};

/* In `answer` what it comes to, or why not: -EPERM; -ENOMEM. */
MUST_USE int operate(const struct operate *with, const struct operation *operation, struct text *answer);

/* Ends the decisions that were made on other values than are configured now, and says so in the log. */
void operate_settle(struct runtime *runtime, const struct conf *conf);

#endif
