/* SPDX-License-Identifier: MIT */
#include "lbd/collector.h"

#include <errno.h>
#include <stdio.h>

/* So many things at once, and then the loop has this long for others. */
#define SLICE 64
#define PAUSE_NS NS_PER_MS
#define RESTARTS_MAX 3

struct collector {
	struct collector_setup setup;
	struct loop_timer timer;
	bool is_busy;
	unsigned restarts;
	struct conf *conf; /* that is being collected: a reference */
	struct metric_set *set;
	enum metric_group_kind group;
	size_t next; /* of the group's things */
};

struct collected *collected_ref(struct collected *collected)
{
	atomic_fetch_add(&collected->references, 1);
	return collected;
}

void collected_unref(struct collected *collected)
{
	if (collected == NULL || atomic_fetch_sub(&collected->references, 1) > 1)
		return;
	metric_set_free(collected->set);
	free(collected);
}

/* One thing each. -ENOMEM. */

static int collect_lbd(const struct collector *collector, size_t place)
{
	const struct director *director = collector->setup.director;
	const struct conf *conf = director_conf(director);
	struct metric_set *set = collector->set;
	struct lbd_sample *sample = metric_set_add(set, METRIC_GROUP_LBD, NULL);

	(void)place;
	if (sample == NULL)
		return -ENOMEM;
	*sample = (struct lbd_sample){
		.version = PACKAGE_VERSION,
		.config_hash = metric_set_text(set, conf->hash),
		.node = metric_set_text(set, collector->setup.node),
		.workers = workers_count(director_workers(director)),
		.open_connections = workers_open_connections(director_workers(director)),
		.max_connections = conf->forwarder.max_connections,
		.changes = director_snapshot(director)->generation,
		.reloads = director_reloads(director),
		.unchecked_servers = director_servers(director)->unchecked,
	};
	return sample->config_hash == NULL || sample->node == NULL ? -ENOMEM : 0;
}

static int collect_worker(const struct collector *collector, size_t place)
{
	struct worker_totals totals =
		workers_worker_totals(director_workers(collector->setup.director), (unsigned)place);
	char number[24];
	const char *const labels[] = {number};
	struct worker_sample *sample;

	snprintf(number, sizeof number, "%zu", place);
	sample = metric_set_add(collector->set, METRIC_GROUP_WORKER, labels);
	if (sample == NULL)
		return -ENOMEM;
	*sample = (struct worker_sample){
		.open_connections = totals.open_connections,
		.accept_pauses = totals.accepts_paused,
		.beats = totals.beats,
	};
	return 0;
}

static int collect_service(const struct collector *collector, size_t place)
{
	const struct director *director = collector->setup.director;
	const struct layout *layout = director_layout(director);
	const struct service_conf *conf = &layout->conf->services[place];
	struct service_totals totals = workers_service_totals(director_workers(director), layout->service_of[place]);
	const char *const labels[] = {conf->name};
	struct service_sample *sample = metric_set_add(collector->set, METRIC_GROUP_SERVICE, labels);

	if (sample == NULL)
		return -ENOMEM;
	*sample = (struct service_sample){
		.protocol = conf->protocol == SERVICE_PROTOCOL_UDP ? "udp" : "tcp",
		.up = director_service_is_up(director, conf),
		.open_connections = totals.connections,
		.max_connections = conf->max_connections,
		.connections = totals.connections_total,
		.refused = totals.refused_total,
		.bytes_in = totals.bytes_in,
		.bytes_out = totals.bytes_out,
		.datagrams_dropped = totals.datagrams_dropped,
		.sessions_evicted = totals.sessions_evicted,
	};
	for (size_t i = 0; i < ARRAY_LEN(sample->ended); i++)
		sample->ended[i] = totals.ended_total[i + 1];
	return 0;
}

static size_t count_usable(const struct director *director, const struct layout_pool *pool)
{
	size_t usable = 0;

	for (size_t i = 0; i < pool->server_count; i++)
		usable += director_servers(director)->list[pool->servers[i]].usable;
	return usable;
}

static int collect_pool(const struct collector *collector, size_t place)
{
	const struct director *director = collector->setup.director;
	const struct layout *layout = director_layout(director);
	const struct layout_pool *pool = &layout->pools[layout->pool_of[place]];
	struct queue_totals queue = workers_queue_totals(director_workers(director), layout->pool_of[place]);
	const char *const labels[] = {pool->conf->name};
	struct pool_sample *sample = metric_set_add(collector->set, METRIC_GROUP_POOL, labels);

	if (sample == NULL)
		return -ENOMEM;
	*sample = (struct pool_sample){
		.balance = balance_table[pool->conf->balance]->name,
		.up = servers_pool_is_up(director_servers(director), layout->pool_of[place]),
		.servers = servers_present(director_servers(director), layout->pool_of[place]),
		.usable_servers = count_usable(director, pool),
		.queue_size = pool->conf->queue.size,
		.queue_waiting = queue.waiting,
		.queue_timeouts = queue.timeouts,
	};
	return 0;
}

static void fill_server(const struct director *director, uint32_t slot, struct server_sample *sample)
{
	const struct server *server = &director_servers(director)->list[slot];
	struct server_totals totals = workers_server_totals(director_workers(director), slot);

	*sample = (struct server_sample){
		.address = sample->address,
		.health = servers_health(server),
		.admin = server->admin,
		.ejected = server->outlier.ejected,
		.backup = server->conf->backup,
		.weight = server->weight,
		.share = director_servers(director)->shares[slot],
		.max_connections = server->conf->max_connections,
		.open_connections = totals.connections,
		.connections = totals.connections_total,
		.connects_failed = totals.connects_failed,
		.resets_early = totals.resets_early,
		.ports_missing = totals.ports_missing,
		.checks = server->checks,
		.checks_failed = server->checks_failed,
		.check_ns = server->checks > 0 ? server->check_ns : -1,
		.certificate_until_s = server->certificate_until_s,
		.lookups = server->lookups,
		.lookups_failed = server->lookups_failed,
		.moves = server->moves,
	};
}

/* By slot: one that is free, or is leaving and may have been followed by another of its name, is passed over. */
static int collect_server(const struct collector *collector, size_t slot)
{
	const struct servers *servers = director_servers(collector->setup.director);
	const struct server *server = &servers->list[slot];
	const char *labels[2];
	struct server_sample *sample;
	char address[SERVER_ADDRESS_TEXT_MAX];

	if (server->pool == NULL || server->leaving || server->absent)
		return 0;
	labels[0] = server->pool->name;
	labels[1] = server->conf->name;
	sample = metric_set_add(collector->set, METRIC_GROUP_SERVER, labels);
	if (sample == NULL)
		return -ENOMEM;
	sample->address = metric_set_text(collector->set, servers_address(servers, (uint32_t)slot, address));
	fill_server(collector->setup.director, (uint32_t)slot, sample);
	return sample->address == NULL ? -ENOMEM : 0;
}

/* The groups. What the process is, whoever writes the page looks up. */

static size_t count_nothing(const struct director *director)
{
	(void)director;
	return 0;
}

static size_t count_one(const struct director *director)
{
	(void)director;
	return 1;
}

static size_t count_workers(const struct director *director)
{
	return workers_count(director_workers(director));
}

static size_t count_services(const struct director *director)
{
	return director_conf(director)->service_count;
}

static size_t count_pools(const struct director *director)
{
	return director_conf(director)->pool_count;
}

static size_t count_servers(const struct director *director)
{
	return director_servers(director)->count;
}

static const struct {
	size_t (*count)(const struct director *director);
	int (*collect)(const struct collector *collector, size_t place);
} sources[] = {
	[METRIC_GROUP_PROCESS] = {count_nothing, NULL},
	[METRIC_GROUP_LBD] = {count_one, collect_lbd},
	[METRIC_GROUP_WORKER] = {count_workers, collect_worker},
	[METRIC_GROUP_SERVICE] = {count_services, collect_service},
	[METRIC_GROUP_POOL] = {count_pools, collect_pool},
	[METRIC_GROUP_SERVER] = {count_servers, collect_server},
};
static_assert(ARRAY_LEN(sources) == METRIC_GROUP_COUNT, "a row is missing");

static int begin(struct collector *collector)
{
	metric_set_free(TAKE(collector->set));
	conf_free(collector->conf);
	collector->conf = conf_ref(director_layout(collector->setup.director)->conf);
	collector->group = 0;
	collector->next = 0;
	return metric_set_new(metric_groups, METRIC_GROUP_COUNT, &collector->set);
}

static void finish(struct collector *collector, int result)
{
	struct metric_set *set = TAKE(collector->set);
	struct collected *collected = result == 0 ? calloc(1, sizeof *collected) : NULL;

	if (collected != NULL)
		*collected = (struct collected){.references = 1, .set = set};
	else
		metric_set_free(set);
	conf_free(TAKE(collector->conf));
	collector->is_busy = false;
	collector->setup.fn(collector->setup.context, collected);
	collected_unref(collected);
}

/* 1: there is more. -ENOMEM; -EAGAIN: the configuration changes again and again. */
static int collect_slice(struct collector *collector)
{
	int r = 0;

	/* A server may have another slot in another configuration, and would come twice. */
	if (collector->conf != director_conf(collector->setup.director))
		r = ++collector->restarts > RESTARTS_MAX ? -EAGAIN : begin(collector);
	for (unsigned i = 0; r == 0 && i < SLICE && collector->group < METRIC_GROUP_COUNT; i++) {
		if (collector->next < sources[collector->group].count(collector->setup.director)) {
			r = sources[collector->group].collect(collector, collector->next++);
		} else {
			collector->group++;
			collector->next = 0;
		}
	}
	return r == 0 && collector->group < METRIC_GROUP_COUNT ? 1 : r;
}

static void on_slice(struct loop_timer *timer, struct mono now)
{
	struct collector *collector = CONTAINER_OF(timer, struct collector, timer);
	int r = collect_slice(collector);

	if (r == 1)
		r = loop_timer_set(collector->setup.loop, timer, mono_add(now, PAUSE_NS), on_slice) < 0 ? -ENOMEM : 1;
	if (r != 1)
		finish(collector, r);
}

int collector_new(const struct collector_setup *setup, struct collector **ret_collector)
{
	struct collector *collector = calloc(1, sizeof *collector);

	if (collector == NULL)
		return -ENOMEM;
	collector->setup = *setup;
	*ret_collector = collector;
	return 0;
}

void collector_free(struct collector *collector)
{
	if (collector == NULL)
		return;
	loop_timer_clear(collector->setup.loop, &collector->timer);
	metric_set_free(collector->set);
	conf_free(collector->conf);
	free(collector);
}

void collector_ask(struct collector *collector)
{
	if (collector->is_busy)
		return;
	collector->is_busy = true;
	collector->restarts = 0;
	if (begin(collector) < 0)
		finish(collector, -ENOMEM);
	else
		on_slice(&collector->timer, loop_now(collector->setup.loop));
}
