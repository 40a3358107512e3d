/* SPDX-License-Identifier: MIT */
#include "lbd/snapshot.h"

#include "common/pure/hash.h"
#include "common/pure/mono.h"
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

static void add_side(struct split *split, struct split_side *sides, const struct owner *owner,
	const struct layout *layout, const struct pool_conf *pool, unsigned parts)
{
	uint32_t slot = layout_pool_of(layout, pool);

	sides[split->count++] = (struct split_side){.key = hash_text(pool->name), .pool = slot, .parts = parts};
	split->by_source |= balance_table[owner->snapshot.pools[slot].balance]->by_source;
}

static bool has_share(const struct owner *owner, const struct layout *layout, const struct pool_conf *pool)
{
	return lots_total(&owner->snapshot.pools[layout_pool_of(layout, pool)].servers.lots) > 0;
}

/* Where nobody could answer, they are all in it, and each refuses. */
static int fill_split(struct owner *owner, const struct snapshot_source *source, const struct layout_service *from,
	struct split *split)
{
	const struct layout *layout = source->layout;
	const struct service_conf *service = from->conf;
	struct split_side *sides = arena_alloc(&owner->arena, service->pool_count + 1, sizeof *sides);
	struct service_pools pools;

	if (sides == NULL)
		return -ENOMEM;
	*split = (struct split){.sides = sides};
	if (from->leaving)
		service_pools_configured(layout->conf, service, &pools);
	else
		service_pools_now(layout->conf, service, source->runtime, &pools);
	for (size_t i = 0; i < pools.count; i++) {
		if (pools.list[i].parts > 0 && has_share(owner, layout, pools.list[i].pool))
			add_side(split, sides, owner, layout, pools.list[i].pool, pools.list[i].parts);
	}
	if (split->count == 0 && pools.count > 0 && service->backup_pool != NULL && !from->leaving)
		add_side(split, sides, owner, layout, service->backup_pool, 1);
	for (size_t i = 0; split->count == 0 && i < pools.count; i++) {
		if (pools.list[i].parts > 0)
			add_side(split, sides, owner, layout, pools.list[i].pool, pools.list[i].parts);
	}
	return 0;
}

/* What is leaving takes nobody in. */
static int fill_routes(
	struct owner *owner, const struct snapshot_source *source, uint32_t slot, struct snapshot_service *service)
{
	const struct layout_service *from = &source->layout->services[slot];
	const struct snapshot *before = source->previous;
	uint32_t *pools = arena_alloc(&owner->arena, from->conf->route_count, sizeof *pools);

	if (pools == NULL)
		return -ENOMEM;
	service->route_pools = pools;
	service->backup_pool = SNAPSHOT_NO_POOL;
	if (from->leaving)
		return 0;
	if (from->conf->backup_pool != NULL)
		service->backup_pool = layout_pool_of(source->layout, from->conf->backup_pool);
	for (size_t i = 0; i < from->conf->route_count; i++)
		pools[i] = layout_pool_of(source->layout, from->conf->routes[i].pool);
	if (from->conf->route_count == 0)
		return 0;
	/* They hang on the configuration alone, and there may be many. */
	if (before != NULL && before->conf == source->layout->conf) {
		service->routes = routes_ref(before->services[slot].routes);
		return 0;
	}
	return routes_new(from->conf->routes, from->conf->route_count, &service->routes);
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

/* Many have the same, one after the other. */
static void keep_former(struct snapshot *snapshot, struct conf *conf)
{
	if (snapshot->former_count == 0 || snapshot->formers[snapshot->former_count - 1] != conf)
		snapshot->formers[snapshot->former_count++] = conf_ref(conf);
}

static int keep_formers(struct owner *owner, const struct layout *layout)
{
	struct snapshot *snapshot = &owner->snapshot;
	size_t most = layout->service_count + layout->server_count;

	snapshot->formers = arena_alloc(&owner->arena, most, sizeof(struct conf *));
	if (snapshot->formers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < layout->service_count; i++) {
		if (layout->services[i].leaving)
			keep_former(snapshot, layout->services[i].owner);
	}
	for (size_t i = 0; i < layout->server_count; i++) {
		if (layout->servers[i].leaving)
			keep_former(snapshot, layout->servers[i].owner);
	}
	return 0;
}

static int fill_services(struct owner *owner, const struct snapshot_source *source)
{
	const struct layout *layout = source->layout;
	struct snapshot_service *services =
		arena_alloc(&owner->arena, layout->service_count, sizeof *owner->snapshot.services);

	if (services == NULL)
		return -ENOMEM;
	/* Whatever comes of it, snapshot_unref sees what there is. */
	owner->snapshot.services = services;
	owner->snapshot.service_count = layout->service_count;
	for (uint32_t i = 0; i < layout->service_count; i++) {
		const struct service_conf *conf = layout->services[i].conf;

		if (conf == NULL)
			continue;
		if (fill_split(owner, source, &layout->services[i], &services[i].split) < 0)
			return -ENOMEM;
		services[i].retries = conf->retries;
		services[i].max_connections = conf->max_connections;
		services[i].access = access_ref(conf->access);
		services[i].per_source = conf->per_source;
		services[i].bandwidth = conf->bandwidth;
		services[i].timeouts = conf->timeouts;
		services[i].udp = conf->udp;
		services[i].transparent = conf->transparent;
		services[i].keepalive_s = (int)(conf->keepalive_ns / NS_PER_S);
		services[i].prefaces = preface_asked(conf);
		if (fill_proxy_from(owner, conf, &services[i]) < 0 || fill_routes(owner, source, i, &services[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What is the same for all workers of a pool; the plan comes later. */
static int fill_balance(struct owner *owner, const struct layout_pool *from, const struct snapshot_source *source,
	struct balance_pool *pool)
{
	struct balance_server *servers = arena_alloc(&owner->arena, from->server_count, sizeof *servers);
	uint32_t *ends = arena_alloc(&owner->arena, from->server_count, sizeof *ends);
	uint64_t *active = arena_alloc(&owner->arena, balance_active_size(from->server_count), sizeof *active);
	uint32_t end = 0;

	if (servers == NULL || ends == NULL || active == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < from->server_count; i++) {
		servers[i].key = hash_text(from->conf->places[i].name);
		servers[i].weight = source->weights[from->servers[i]];
		servers[i].share = source->shares[from->servers[i]];
		ends[i] = end += servers[i].share;
		if (servers[i].share > 0)
			active[i / 64] |= UINT64_C(1) << i % 64;
	}
	*pool = (struct balance_pool){
		.servers = servers,
		.count = from->server_count,
		.active = active,
		.lots = {.ends = ends, .count = from->server_count},
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

static int fill_plan(struct snapshot_pool *pool, const struct snapshot_pool *previous)
{
	if (previous != NULL && same_plan(pool, previous)) {
		pool->servers.plan = balance_plan_ref(previous->servers.plan);
		return 0;
	}
	return balance_plan_new(
		balance_table[pool->balance], pool->servers.servers, pool->servers.count, &pool->servers.plan);
}

static bool same_board(const struct snapshot_pool *pool, const uint32_t *limits, const struct snapshot_pool *previous)
{
	size_t count = pool->servers.count;

	if (previous->servers.count != count || previous->board == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (previous->members[i] != pool->members[i] || previous->board->limits[i] != limits[i])
			return false;
	}
	return true;
}

static int fill_board(struct owner *owner, const struct layout_pool *from, uint32_t slot, struct board *board,
	struct snapshot_pool *pool, const struct snapshot_pool *previous)
{
	uint32_t *members = arena_alloc(&owner->arena, from->server_count, sizeof *members);
	AUTO_FREE uint32_t *limits = calloc(MAX(from->server_count, (size_t)1), sizeof *limits);

	if (members == NULL || limits == NULL)
		return -ENOMEM;
	pool->counted = balance_table[pool->balance]->by_load;
	for (size_t i = 0; i < from->server_count; i++) {
		members[i] = from->servers[i];
		limits[i] = from->conf->places[i].max_connections;
		pool->counted |= limits[i] > 0;
	}
	pool->members = members;
	if (previous == NULL || !same_board(pool, limits, previous))
		return board_pool_new(board, slot, members, limits, from->server_count, &pool->board);
	pool->board = board_pool_ref(previous->board);
	return 0;
}

static int fill_pool(
	struct owner *owner, const struct snapshot_source *source, uint32_t slot, struct snapshot_pool *pool)
{
	const struct layout_pool *from = &source->layout->pools[slot];
	const struct snapshot *before = source->previous;
	const struct snapshot_pool *previous =
		before != NULL && slot < before->pool_count ? &before->pools[slot] : NULL;

	pool->revision = source->pool_revisions[slot];
	if (from->conf != NULL) {
		pool->balance = from->conf->balance;
		pool->queue = from->conf->queue;
	}
	if (fill_balance(owner, from, source, &pool->servers) < 0 || fill_plan(pool, previous) < 0)
		return -ENOMEM;
	return fill_board(owner, from, slot, source->board, pool, previous);
}

static int fill_pools(struct owner *owner, const struct snapshot_source *source)
{
	size_t count = source->layout->pool_count;
	struct snapshot_pool *pools = arena_alloc(&owner->arena, count, sizeof *pools);

	if (pools == NULL)
		return -ENOMEM;
	owner->snapshot.pools = pools;
	owner->snapshot.pool_count = count;
	for (uint32_t i = 0; i < count; i++) {
		if (fill_pool(owner, source, i, &pools[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Where they are logged: copies, since the layout may go before the snapshot does. */
static int fill_names(struct owner *owner, const struct layout *layout, struct snapshot_service *services,
	struct snapshot_server *servers)
{
	bool whole = true;

	for (size_t i = 0; i < layout->service_count; i++) {
		if (layout->services[i].conf == NULL)
			continue;
		services[i].name = arena_strdup(&owner->arena, layout->services[i].conf->name);
		whole &= services[i].name != NULL;
	}
	for (size_t i = 0; i < layout->server_count; i++) {
		if (layout->servers[i].conf == NULL)
			continue;
		servers[i].name = arena_strdup(&owner->arena, layout->servers[i].name);
		whole &= servers[i].name != NULL;
	}
	return whole ? 0 : -ENOMEM;
}

static int fill_servers(struct owner *owner, const struct snapshot_source *source)
{
	const struct layout *layout = source->layout;
	struct snapshot_server *servers = arena_alloc(&owner->arena, layout->server_count, sizeof *servers);

	if (servers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < layout->server_count; i++) {
		servers[i].place = SNAPSHOT_NO_PLACE;
		if (layout->servers[i].conf == NULL)
			continue;
		servers[i].pool = layout->servers[i].pool;
		servers[i].address =
			source->addresses != NULL ? source->addresses[i] : layout->servers[i].conf->address;
		servers[i].path = layout->servers[i].conf->path;
		servers[i].source = layout->servers[i].conf->source;
		servers[i].send_proxy = layout->servers[i].conf->send_proxy;
	}
	for (size_t i = 0; i < layout->pool_count; i++) {
		for (uint32_t j = 0; j < layout->pools[i].server_count; j++)
			servers[layout->pools[i].servers[j]].place = j;
	}
	owner->snapshot.servers = servers;
	owner->snapshot.server_count = layout->server_count;
	if (owner->snapshot.log_connections)
		return fill_names(owner, layout, (struct snapshot_service *)owner->snapshot.services, servers);
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

static int fill_closings(struct owner *owner, const struct snapshot_source *source)
{
	struct closing *closings = arena_alloc(&owner->arena, source->closing_count, sizeof *closings);

	if (closings == NULL)
		return -ENOMEM;
	if (source->closing_count > 0)
		memcpy(closings, source->closings, source->closing_count * sizeof *closings);
	owner->snapshot.closings = closings;
	owner->snapshot.closing_count = source->closing_count;
	return 0;
}

uint32_t snapshot_route_pool(const struct snapshot *snapshot, const struct snapshot_service *service, uint32_t pool)
{
	if (service->backup_pool == SNAPSHOT_NO_POOL || lots_total(&snapshot->pools[pool].servers.lots) > 0)
		return pool;
	return service->backup_pool;
}

int snapshot_new(const struct snapshot_source *source, struct snapshot **ret_snapshot)
{
	struct owner *owner = calloc(1, sizeof *owner);

	if (owner == NULL)
		return -ENOMEM;
	atomic_init(&owner->snapshot.references, 1);
	owner->snapshot.generation = source->generation;
	owner->snapshot.accepting = source->accepting;
	owner->snapshot.log_connections = source->layout->conf->log.connections;
	owner->snapshot.conf = conf_ref(source->layout->conf);
	owner->snapshot.entry = entry_ref(source->entry);
	owner->snapshot.max_connections = source->layout->conf->forwarder.max_connections;
	if (keep_formers(owner, source->layout) < 0 || fill_pools(owner, source) < 0 ||
		fill_services(owner, source) < 0 || fill_servers(owner, source) < 0 || fill_yields(owner, source) < 0 ||
		fill_closings(owner, source) < 0) {
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
	for (size_t i = 0; i < snapshot->pool_count; i++) {
		balance_plan_unref(snapshot->pools[i].servers.plan);
		board_pool_unref(snapshot->pools[i].board);
	}
	for (size_t i = 0; i < snapshot->service_count; i++) {
		access_unref(snapshot->services[i].access);
		routes_unref(snapshot->services[i].routes);
	}
	entry_unref(snapshot->entry);
	for (size_t i = 0; i < snapshot->former_count; i++)
		conf_unref(snapshot->formers[i]);
	conf_unref(snapshot->conf);
	arena_free(&owner->arena);
	free(owner);
}
