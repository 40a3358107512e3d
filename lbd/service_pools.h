/* SPDX-License-Identifier: MIT */
/* The pools that a service's connections are dealt out to, with their shares. */
#ifndef LBPAIR_LBD_SERVICE_POOLS_H
#define LBPAIR_LBD_SERVICE_POOLS_H

#include "common/model/conf.h"
#include "common/model/pool_share.h"

struct service_pools {
	struct {
		const struct pool_conf *pool;
		unsigned parts;
	} list[POOL_SHARES_MAX];
	size_t count;
};

/* As it is configured. */
void service_pools_of(const struct service_conf *service, struct service_pools *ret_pools);
/* In percent, to a tenth; 0 where nobody has a share. */
double service_pools_percent(const struct service_pools *pools, size_t place);

#endif
