/* SPDX-License-Identifier: MIT */
#include "lbd/service_pools.h"

#include <errno.h>
#include <string.h>

static void add(struct service_pools *pools, const struct pool_conf *pool, unsigned parts)
{
	if (pool == NULL)
		return;
	pools->list[pools->count].pool = pool;
	pools->list[pools->count++].parts = parts;
}

/* Whether the pool is of this very configuration: a service that is leaving is of an earlier one. */
static bool is_of(const struct conf *conf, const struct pool_conf *pool)
{
	return (uintptr_t)pool >= (uintptr_t)conf->pools &&
	       (uintptr_t)pool < (uintptr_t)(conf->pools + conf->pool_count);
}

void service_pools_configured(
	const struct conf *conf, const struct service_conf *service, struct service_pools *ret_pools)
{
	ret_pools->count = 0;
	for (size_t i = 0; i < service->pool_count; i++) {
		const struct pool_share_conf *share = &service->pools[i];

		add(ret_pools, is_of(conf, share->pool) ? share->pool : conf_find_pool(conf, share->name),
			share->parts);
	}
}

void service_pools_now(const struct conf *conf, const struct service_conf *service, const struct runtime *runtime,
	struct service_pools *ret_pools)
{
	AUTO_TEXT configured = {0};
	const char *value;

	service_pools_configured(conf, service, ret_pools);
	/* Most are as they are configured: no text needs to be made for them. */
	if (runtime_find(runtime, RUNTIME_POOLS, service->name) == NULL)
		return;
	service_pools_print(ret_pools, &configured);
	value = runtime_value(runtime, RUNTIME_POOLS, service->name, text_get(&configured));
	if (service_pools_parse(conf, value, ret_pools) < 0)
		service_pools_configured(conf, service, ret_pools);
}

void service_pools_print(const struct service_pools *pools, struct text *out)
{
	for (size_t i = 0; i < pools->count; i++)
		text_addf(out, "%s%s:%u", i > 0 ? " " : "", pools->list[i].pool->name, pools->list[i].parts);
}

int service_pools_parse(const struct conf *conf, const char *text, struct service_pools *ret_pools)
{
	struct service_pools pools = {0};

	while (*text != '\0') {
		char word[POOL_SHARE_NAME_MAX + 16];
		size_t length = strcspn(text, " ");
		struct pool_share share;
		const struct pool_conf *pool;

		if (length >= sizeof word || pools.count == POOL_SHARES_MAX)
			return -EINVAL;
		memcpy(word, text, length);
		word[length] = '\0';
		if (pool_share_parse(word, &share) < 0)
			return -EINVAL;
		pool = conf_find_pool(conf, share.name);
		if (pool == NULL)
			return -EINVAL;
		add(&pools, pool, share.parts);
		text += length + strspn(text + length, " ");
	}
	if (pools.count == 0)
		return -EINVAL;
	*ret_pools = pools;
	return 0;
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
