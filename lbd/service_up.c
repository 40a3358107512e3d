/* SPDX-License-Identifier: MIT */
#include "lbd/service_up.h"

#include "lbd/service_pools.h"

bool service_is_up(const struct layout *layout, const struct runtime *runtime, const struct servers *servers,
	const struct service_conf *service)
{
	struct service_pools pools;

	service_pools_now(layout->conf, service, runtime, &pools);
	for (size_t i = 0; i < pools.count; i++) {
		if (pools.list[i].parts > 0 && servers_pool_is_up(servers, layout_pool_of(layout, pools.list[i].pool)))
			return true;
	}
	for (size_t i = 0; i < service->route_count; i++) {
		if (servers_pool_is_up(servers, layout_pool_of(layout, service->routes[i].pool)))
			return true;
	}
	return false;
}
