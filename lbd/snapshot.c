/* SPDX-License-Identifier: MIT */
#include "lbd/snapshot.h"

#include "common/pure/hash.h"
#include "lbd/preface.h"
#include "lbd/service_pools.h"

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

static void add_side(struct split *split, struct split_side *sides, const struct owner *owner, const struct conf *conf,
	const struct pool_conf *pool, unsigned parts)
{
	uint32_t place = (uint32_t)(pool - conf->pools);

	sides[split->count++] = (struct split_side){.key = hash_text(pool->name), .pool = place, .parts = parts};
	split->by_source |= balance_table[owner->snapshot.pools[place].balance]->by_source;
}

static bool has_share(const struct owner *owner, const struct conf *conf, const struct pool_conf *pool)
{
	return lots_total(&owner->snapshot.pools[pool - conf->pools].servers.lots) > 0;
}

/* Where nobody could answer, they are all in it, and each refuses. */
static int fill_split(
	struct owner *owner, const struct conf *conf, const struct service_conf *service, struct split *split)
{
	struct split_side *sides = arena_alloc(&owner->arena, service->pool_count + 1, sizeof *sides);
	struct service_pools pools;

	if (sides == NULL)
		return -ENOMEM;
	*split = (struct split){.sides = sides};
	service_pools_of(service, &pools);
	for (size_t i = 0; i < pools.count; i++) {
		if (pools.list[i].parts > 0 && has_share(owner, conf, pools.list[i].pool))
			add_side(split, sides, owner, conf, pools.list[i].pool, pools.list[i].parts);
	}
	if (split->count == 0 && service->backup_pool != NULL)
		add_side(split, sides, owner, conf, service->backup_pool, 1);
	for (size_t i = 0; split->count == 0 && i < pools.count; i++) {
		if (pools.list[i].parts > 0)
			add_side(split, sides, owner, conf, pools.list[i].pool, pools.list[i].parts);
	}
	return 0;
}

/* A copy, since the configuration may go before the snapshot does. */
static int fill_proxy_from(struct owner *owner, const struct service_conf *conf, struct snapshot_service *service)
{
	struct prefix *from = arena_alloc(&owner->arena, conf->accept_proxy_from_count, sizeof *from);

	if (from == NULL)
		return -ENOMEM;
	if (conf->accept_proxy_from_count > 0)
		memcpy(from, conf->accept_proxy_from, conf->accept_proxy_from_count * sizeof *from);
	service->proxy_from = from;
	service->proxy_from_count = conf->accept_proxy_from_count;
	return 0;
}

static int fill_services(struct owner *owner, const struct conf *conf)
{
	struct snapshot_service *services =
		arena_alloc(&owner->arena, conf->service_count, sizeof *owner->snapshot.services);

	if (services == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->service_count; i++) {
		if (fill_split(owner, conf, &conf->services[i], &services[i].split) < 0)
			return -ENOMEM;
		services[i].retries = conf->services[i].retries;
		services[i].max_connections = conf->services[i].max_connections;
		services[i].access = access_ref(conf->services[i].access);
		services[i].timeouts = conf->services[i].timeouts;
		services[i].udp = conf->services[i].udp;
		services[i].prefaces = preface_asked(&conf->services[i]);
		if (fill_proxy_from(owner, &conf->services[i], &services[i]) < 0)
			return -ENOMEM;
	}
	owner->snapshot.services = services;
	owner->snapshot.service_count = conf->service_count;
	return 0;
}

/* What is the same for all workers of a pool; the plan comes later. */
static int fill_servers(
	struct owner *owner, const struct pool_conf *conf, const unsigned *shares, struct balance_pool *pool)
{
	struct balance_server *servers = arena_alloc(&owner->arena, conf->server_count, sizeof *servers);
	uint32_t *ends = arena_alloc(&owner->arena, conf->server_count, sizeof *ends);
	uint64_t *active = arena_alloc(&owner->arena, balance_active_size(conf->server_count), sizeof *active);
	uint32_t end = 0;

	if (servers == NULL || ends == NULL || active == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->server_count; i++) {
		servers[i].key = hash_text(conf->servers[i].name);
		servers[i].weight = conf->servers[i].weight;
		servers[i].share = shares[i];
		ends[i] = end += servers[i].share;
		if (servers[i].share > 0)
			active[i / 64] |= UINT64_C(1) << i % 64;
	}
	*pool = (struct balance_pool){
		.servers = servers,
		.count = conf->server_count,
		.active = active,
		.lots = {.ends = ends, .count = conf->server_count},
	};
	return 0;
}

static bool same_plan(const struct snapshot_pool *a, const struct snapshot_pool *b)
{
	if (a->balance != b->balance || a->servers.count != b->servers.count)
		return false;
	for (size_t i = 0; i < a->servers.count; i++) {
		const struct balance_server *x = &a->servers.servers[i], *y = &b->servers.servers[i];

		if (x->key != y->key || x->weight != y->weight)
			return false;
	}
	return true;
}

static int fill_plan(struct snapshot_pool *pool, const struct snapshot *previous, size_t place)
{
	if (previous != NULL && place < previous->pool_count && same_plan(pool, &previous->pools[place])) {
		pool->servers.plan = balance_plan_ref(previous->pools[place].servers.plan);
		return 0;
	}
	return balance_plan_new(
		balance_table[pool->balance], pool->servers.servers, pool->servers.count, &pool->servers.plan);
}

static bool is_counted(const struct pool_conf *pool)
{
	bool limited = false;

	for (size_t i = 0; i < pool->server_count; i++)
		limited |= pool->servers[i].max_connections > 0;
	return limited || balance_table[pool->balance]->by_load;
}

static int fill_pools(struct owner *owner, const struct snapshot_source *source)
{
	const struct conf *conf = source->conf;
	struct snapshot_pool *pools = arena_alloc(&owner->arena, conf->pool_count, sizeof *pools);
	uint32_t first = 0;

	if (pools == NULL)
		return -ENOMEM;
	owner->snapshot.pools = pools;
	owner->snapshot.pool_count = conf->pool_count;
	for (size_t i = 0; i < conf->pool_count; i++) {
		pools[i].balance = conf->pools[i].balance;
		pools[i].queue = conf->pools[i].queue;
		pools[i].counted = is_counted(&conf->pools[i]);
		pools[i].first_server = first;
		pools[i].revision = source->pool_revisions[i];
		if (fill_servers(owner, &conf->pools[i], source->shares + first, &pools[i].servers) < 0 ||
			fill_plan(&pools[i], source->previous, i) < 0)
			return -ENOMEM;
		first += (uint32_t)conf->pools[i].server_count;
	}
	return 0;
}

static int fill_addresses(struct owner *owner, const struct conf *conf)
{
	size_t count = snapshot_count_servers(conf), place = 0;
	struct endpoint *addresses = arena_alloc(&owner->arena, count, sizeof *addresses);
	uint32_t *limits = arena_alloc(&owner->arena, count, sizeof *limits);

	if (addresses == NULL || limits == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->pool_count; i++) {
		for (size_t j = 0; j < conf->pools[i].server_count; j++, place++) {
			addresses[place] = conf->pools[i].servers[j].address;
			limits[place] = conf->pools[i].servers[j].max_connections;
		}
	}
	owner->snapshot.addresses = addresses;
	owner->snapshot.limits = limits;
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
	owner->snapshot.max_connections = source->conf->forwarder.max_connections;
	if (fill_pools(owner, source) < 0 || fill_services(owner, source->conf) < 0 ||
		fill_addresses(owner, source->conf) < 0 || fill_yields(owner, source) < 0) {
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
	for (size_t i = 0; i < snapshot->pool_count; i++)
		balance_plan_unref(snapshot->pools[i].servers.plan);
	for (size_t i = 0; i < snapshot->service_count; i++)
		access_unref(snapshot->services[i].access);
	arena_free(&owner->arena);
	free(owner);
}
