/* SPDX-License-Identifier: MIT */
/*
 * What operators have decided at run time, beside the configuration: all that the two nodes of a pair have to agree on,
 * and all that has to survive a restart. No I/O.
 *
 * A decision is a field of something that has a name (what a server's admin state is, its weight, the pools of a
 * service), with the generation in which it was decided and the node that did. Of two decisions on one field the one
 * with the greater (generation, node) holds, so that any two nodes that have heard of the same decisions, in whatever
 * order, have the same. Beside each stands the value that was configured when it was made: where another one is
 * configured, the operator has said something newer in the file, and the decision is over.
 */
#ifndef LBPAIR_LBD_RUNTIME_H
#define LBPAIR_LBD_RUNTIME_H

#include "common/model/conf.h"
#include "common/model/pool_share.h"

#include <jansson.h>

enum admin_state {
	ADMIN_ENABLED,
	ADMIN_DRAIN,    /* no new connections; what is open goes on */
	ADMIN_DISABLED, /* and what is open is closed */
	ADMIN_COUNT,
};

enum runtime_field {
	RUNTIME_ADMIN,  /* of POOL/SERVER: a name of admin_name */
	RUNTIME_WEIGHT, /* of POOL/SERVER: a number */
	RUNTIME_POOLS,  /* of SERVICE: `blue:90 green:10` */
	RUNTIME_FIELD_COUNT,
};

/* Values are text as in the file of decisions, so that what a later version says of them passes through this one. */
struct decision {
	enum runtime_field field;
	const char *name;
	const char *value;
	const char *before; /* what held until then, for a rollback; NULL: there is nothing to go back to */
	const char *configured;
	uint64_t generation;
	const char *node;
};

struct runtime;

/* `node` is whose decisions are made here. -ENOMEM. */
MUST_USE int runtime_new(const char *node, struct runtime **ret_runtime);
/* Accepts NULL. */
void runtime_free(struct runtime *runtime);

/* The greatest of all decisions; 0: there are none. */
uint64_t runtime_generation(const struct runtime *runtime);
/* Sorted by field and name. */
size_t runtime_count(const struct runtime *runtime);
const struct decision *runtime_at(const struct runtime *runtime, size_t i);
/* NULL: nothing has been decided. */
const struct decision *runtime_find(const struct runtime *runtime, enum runtime_field field, const char *name);
/* The value that holds where `configured` is what the file says. */
const char *runtime_value(
	const struct runtime *runtime, enum runtime_field field, const char *name, const char *configured);

/* Decides, in a new generation. The texts are copied; `before` may be NULL. -ENOMEM. */
MUST_USE int runtime_decide(struct runtime *runtime, enum runtime_field field, const char *name, const char *value,
	const char *before, const char *configured);
/* What held before the last decision on the field holds again, in a new generation. -ENOENT: there is none; -ENOMEM. */
MUST_USE int runtime_rollback(
	struct runtime *runtime, enum runtime_field field, const char *name, const char *configured);
/* Whether `ours` gives way. */
bool decision_is_older(const struct decision *ours, const struct decision *theirs);
/* Takes over what has been decided elsewhere where it is greater. 1: it was; 0: it was not; -ENOMEM. */
MUST_USE int runtime_merge(struct runtime *runtime, const struct decision *theirs);
/* The decision is over where it was made on another configured value (NULL: it is configured no more). True: it was. */
bool runtime_settle(struct runtime *runtime, enum runtime_field field, const char *name, const char *configured);

/* An array of all decisions; NULL: out of memory. */
json_t *runtime_to_json(const struct runtime *runtime);
/* Merges them. -EBADMSG: it is no such array, what stood before the mistake has been taken; -ENOMEM. */
MUST_USE int runtime_merge_json(struct runtime *runtime, const json_t *list);

/* The values as they are meant. */

const char *admin_name(enum admin_state admin);
enum admin_state runtime_admin(const struct runtime *runtime, const char *server);
unsigned runtime_weight(const struct runtime *runtime, const char *server, unsigned configured);
/* -ENOMEM. */
MUST_USE int runtime_set_admin(struct runtime *runtime, const char *server, enum admin_state admin);
MUST_USE int runtime_set_weight(struct runtime *runtime, const char *server, unsigned weight, unsigned configured);

#endif
