/* SPDX-License-Identifier: MIT */
/*
 * The control thread's work: it has the configuration, the servers' checks and the roles, makes snapshots of them for
 * the workers, and tells vrrpd through the liveness page.
 */
#ifndef LBPAIR_LBD_DIRECTOR_H
#define LBPAIR_LBD_DIRECTOR_H

#include "common/model/conf.h"
#include "common/system/liveness.h"
#include "common/system/loop.h"
#include "lbd/operate.h"
#include "lbd/roles.h"
#include "lbd/servers.h"
#include "lbd/workers.h"

struct director;

struct director_setup {
	struct loop *loop;
	struct conf *conf;     /* the director takes references of its own */
	const char *node;      /* of which the operator's decisions here are */
	struct liveness *live; /* of 1 + `threads` loops; outlives it too */
	unsigned threads;
};

/* Binds, starts the workers and the checks. Negative errno, and a line for each mistake. */
MUST_USE int director_new(const struct director_setup *setup, struct director **ret_director, struct text *errors);
/* Resets all connections. Accepts NULL. */
void director_free(struct director *director);

/* Accepts what waits to be accepted, then nothing more; the loop is stopped when the last connection has ended. */
void director_finish(struct director *director);

/*
 * Goes over to another configuration, of which it takes a reference. What stays keeps its connections, counters and
 * check results; what goes has its connections until they end. On failure a negative errno, and a line for each
 * mistake; nothing has changed then. -EAGAIN: the workers are still at the one before.
 */
MUST_USE int director_reload(
	struct director *director, struct conf *conf, uint64_t *ret_generation, struct text *errors);

/* Decisions and words from outside. The returned generation has been carried out when director_applied has reached it.
 */

/* As operate(). */
MUST_USE int director_operate(
	struct director *director, const struct operation *operation, uint64_t *ret_generation, struct text *answer);
/* As roles_set. */
MUST_USE int director_set_role(struct director *director, const char *vip, const char *state,
	const struct ip *addresses, size_t count, uint64_t *ret_generation);
uint64_t director_applied(const struct director *director);
/* `fn` is called when director_applied has advanced or a page of a census is filled. One a director. */
void director_on_applied(struct director *director, void (*fn)(void *context), void *context);

/* As worker.h has it; the page says which worker is meant. */
void director_ask_census(struct director *director, struct census_page *page);
struct census_page *director_take_census(struct director *director, unsigned worker);

/* For those who report. */
const struct conf *director_conf(const struct director *director);
const struct layout *director_layout(const struct director *director);
const struct servers *director_servers(const struct director *director);
const struct workers *director_workers(const struct director *director);
/* Whether a new connection would find a server in one of the service's own pools. */
bool director_service_is_up(const struct director *director, const struct service_conf *service);
/* What the workers were told last. */
const struct snapshot *director_snapshot(const struct director *director);
/* How often it has gone over to another configuration. */
uint64_t director_reloads(const struct director *director);
const struct roles *director_roles(const struct director *director);
const struct runtime *director_runtime(const struct director *director);

#endif
