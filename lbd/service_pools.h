/* SPDX-License-Identifier: MIT */
/* The pools that a service's connections are dealt out to, with their shares: as configured, or as decided since. */
#ifndef LBPAIR_LBD_SERVICE_POOLS_H
#define LBPAIR_LBD_SERVICE_POOLS_H

#include "common/model/conf.h"
#include "common/model/pool_share.h"
#include "common/pure/text.h"
#include "lbd/runtime.h"

struct service_pools {
	struct {
		const struct pool_conf *pool;
		unsigned parts;
	} list[POOL_SHARES_MAX];
	size_t count;
};

/* As it is configured; a pool that `conf` has no more is left out. */
void service_pools_configured(
	const struct conf *conf, const struct service_conf *service, struct service_pools *ret_pools);
/* As it holds now. A decision that names a pool that is no more counts as none. */
void service_pools_now(const struct conf *conf, const struct service_conf *service, const struct runtime *runtime,
	struct service_pools *ret_pools);

/* `blue:90 green:10`, as a decision has it. */
void service_pools_print(const struct service_pools *pools, struct text *out);
/* -EINVAL: it is no such text, or one of the pools is not there. */
MUST_USE int service_pools_parse(const struct conf *conf, const char *text, struct service_pools *ret_pools);

/* In percent, to a tenth; 0 where nobody has a share. */
double service_pools_percent(const struct service_pools *pools, size_t place);

#endif
