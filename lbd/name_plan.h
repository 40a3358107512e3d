/* SPDX-License-Identifier: MIT */
/*
 * What answers about a server's name come to: which address each of its places has, and when to ask again. No I/O.
 *
 * An address keeps its place as long as it is among the answers, so that a name server that deals them out in turn
 * moves nobody. Those that are new take the free places in numerical order, also where another has just left, and what
 * finds none is passed over. What no answer came to leaves all as it is, also where the name is said not to exist: the
 * checks tell whether the servers are there, and a mistake in the zone takes nothing down that works.
 */
#ifndef LBPAIR_LBD_NAME_PLAN_H
#define LBPAIR_LBD_NAME_PLAN_H

#include "common/model/conf.h"
#include "common/pure/addr.h"
#include "common/pure/mono.h"

/* How long an answer is good: as long as it says, but within these. */
#define NAME_TTL_MIN_S 1
#define NAME_TTL_MAX_S 3600
/* After a failure: at first, and doubled until. */
#define NAME_RETRY_MIN_NS NS_PER_S
#define NAME_RETRY_MAX_NS (30 * NS_PER_S)

struct name_plan {
	struct ip places[SERVER_PLACES_MAX]; /* of family 0: it has no address */
	int64_t retry_ns;                    /* of the failure before; 0: it was none */
};

/*
 * With the addresses of an answer, one at least. Returns when to ask again; `ret_passed_over`: so many have no place.
 */
struct mono name_plan_answer(struct name_plan *plan, const struct ip *addresses, size_t count, uint32_t ttl_s,
	struct mono now, size_t *ret_passed_over);
/* There was none. */
struct mono name_plan_failure(struct name_plan *plan, struct mono now);

#endif
