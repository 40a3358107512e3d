/* SPDX-License-Identifier: MIT */
#include "lbd/service_pools.h"

void service_pools_of(const struct service_conf *service, struct service_pools *ret_pools)
{
	*ret_pools = (struct service_pools){.count = service->pool_count};
	for (size_t i = 0; i < service->pool_count; i++) {
		ret_pools->list[i].pool = service->pools[i].pool;
		ret_pools->list[i].parts = service->pools[i].parts;
	}
}

double service_pools_percent(const struct service_pools *pools, size_t place)
{
	unsigned sum = 0;

	for (size_t i = 0; i < pools->count; i++)
		sum += pools->list[i].parts;
	if (sum == 0)
		return 0;
	return (double)((pools->list[place].parts * 1000 + sum / 2) / sum) / 10;
}
