/* SPDX-License-Identifier: MIT */
#include "lbd/snapshot.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* The arrays stand in the arena, which frees them with the rest. */
struct owner {
	struct snapshot snapshot;
	struct arena arena;
};

size_t snapshot_count_servers(const struct conf *conf)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->pool_count; i++)
		count += conf->pools[i].server_count;
	return count;
}

static int fill_services(struct owner *owner, const struct conf *conf)
{
	struct snapshot_service *services =
		arena_alloc(&owner->arena, conf->service_count, sizeof *owner->snapshot.services);

	if (services == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->service_count; i++) {
		services[i].pool = (uint32_t)(conf->services[i].pool - conf->pools);
		services[i].retries = conf->services[i].retries;
		services[i].timeouts = conf->services[i].timeouts;
	}
	owner->snapshot.services = services;
	owner->snapshot.service_count = conf->service_count;
	return 0;
}

static int fill_pools(struct owner *owner, const struct snapshot_source *source)
{
	const struct conf *conf = source->conf;
	struct snapshot_pool *pools = arena_alloc(&owner->arena, conf->pool_count, sizeof *pools);
	uint32_t first = 0;

	if (pools == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->pool_count; i++) {
		pools[i].balance = conf->pools[i].balance;
		pools[i].first_server = first;
		pools[i].server_count = (uint32_t)conf->pools[i].server_count;
		pools[i].revision = source->pool_revisions[i];
		first += pools[i].server_count;
	}
	owner->snapshot.pools = pools;
	owner->snapshot.pool_count = conf->pool_count;
	return 0;
}

static int fill_servers(struct owner *owner, const struct snapshot_source *source)
{
	const struct conf *conf = source->conf;
	size_t count = snapshot_count_servers(conf), place = 0;
	struct balance_server *servers = arena_alloc(&owner->arena, count, sizeof *servers);
	struct endpoint *addresses = arena_alloc(&owner->arena, count, sizeof *addresses);

	if (servers == NULL || addresses == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->pool_count; i++) {
		for (size_t j = 0; j < conf->pools[i].server_count; j++, place++) {
			servers[place].weight = conf->pools[i].servers[j].weight;
			servers[place].usable = source->usable[place];
			addresses[place] = conf->pools[i].servers[j].address;
		}
	}
	owner->snapshot.servers = servers;
	owner->snapshot.addresses = addresses;
	owner->snapshot.server_count = count;
	return 0;
}

static int fill_yields(struct owner *owner, const struct snapshot_source *source)
{
	struct snapshot_yield *yields = arena_alloc(&owner->arena, source->yield_count, sizeof *yields);

	if (yields == NULL)
		return -ENOMEM;
	if (source->yield_count > 0)
		memcpy(yields, source->yields, source->yield_count * sizeof *yields);
	owner->snapshot.yields = yields;
	owner->snapshot.yield_count = source->yield_count;
	return 0;
}

int snapshot_new(const struct snapshot_source *source, struct snapshot **ret_snapshot)
{
	struct owner *owner = calloc(1, sizeof *owner);

	if (owner == NULL)
		return -ENOMEM;
	atomic_init(&owner->snapshot.references, 1);
	owner->snapshot.generation = source->generation;
	owner->snapshot.accepting = source->accepting;
	if (fill_services(owner, source->conf) < 0 || fill_pools(owner, source) < 0 ||
		fill_servers(owner, source) < 0 || fill_yields(owner, source) < 0) {
		snapshot_unref(&owner->snapshot);
		return -ENOMEM;
	}
	*ret_snapshot = &owner->snapshot;
	return 0;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->references, 1);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	struct owner *owner;

	if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) > 1)
		return;
	owner = CONTAINER_OF(snapshot, struct owner, snapshot);
	arena_free(&owner->arena);
	free(owner);
}
