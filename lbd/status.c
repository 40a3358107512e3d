/* SPDX-License-Identifier: MIT */
#include "lbd/status.h"

#include "lbd/service_pools.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

static json_t *listen_json(const struct service_conf *service)
{
	json_t *list = json_array();

	for (size_t i = 0; i < service->listen_count; i++) {
		char text[ENDPOINT_TEXT_MAX];

		json_array_append_new(list, json_string(endpoint_text(&service->listen[i], text)));
	}
	return list;
}

static const char *protocol_name(enum service_protocol protocol)
{
	return protocol == SERVICE_PROTOCOL_UDP ? "udp" : "tcp";
}

static void add_udp(json_t *service, const struct service_totals *totals)
{
	json_object_set_new(service, "datagrams_dropped", json_integer((json_int_t)totals->datagrams_dropped));
	json_object_set_new(service, "sessions_evicted", json_integer((json_int_t)totals->sessions_evicted));
}

/* A whole number where it is one. */
static json_t *percent_json(double percent)
{
	return percent == (double)(int)percent ? json_integer((json_int_t)percent) : json_real(percent);
}

/* The service's pools, and its backup pool while that one answers. */
static json_t *shares_json(const struct director *director, uint32_t slot)
{
	const struct layout *layout = director_layout(director);
	const struct service_conf *service = layout->services[slot].conf;
	const struct split *split = &director_snapshot(director)->services[slot].split;
	bool backup = split->count == 1 && layout->pools[split->sides->pool].conf == service->backup_pool;
	json_t *list = json_array();
	struct service_pools pools;

	service_pools_now(director_conf(director), service, director_runtime(director), &pools);
	for (size_t i = 0; i < pools.count; i++)
		json_array_append_new(list, json_pack("{s:s, s:o}", "name", pools.list[i].pool->name, "share",
						    percent_json(backup ? 0 : service_pools_percent(&pools, i))));
	if (backup)
		json_array_append_new(list,
			json_pack("{s:s, s:i, s:b}", "name", service->backup_pool->name, "share", 100, "backup", 1));
	return list;
}

static json_t *routes_json(const struct service_conf *service)
{
	json_t *list = json_array();

	for (size_t i = 0; i < service->route_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", service->routes[i].name, "pool",
						    service->routes[i].pool->name));
	return list;
}

/* By cause, those that there were. */
static json_t *ended_json(const struct service_totals *totals)
{
	json_t *json = json_object();

	for (size_t i = 0; i < END_COUNT; i++) {
		if (totals->ended_total[i] > 0)
			json_object_set_new(
				json, ending_table[i].name, json_integer((json_int_t)totals->ended_total[i]));
	}
	return json;
}

json_t *status_service_json(const struct director *director, uint32_t slot)
{
	const struct service_conf *service = director_layout(director)->services[slot].conf;
	struct service_totals totals = workers_service_totals(director_workers(director), slot);

	json_t *json;

	json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:I, s:I}", "name", service->name, "protocol",
		protocol_name(service->protocol), "listen", listen_json(service), "pools", shares_json(director, slot),
		"routes", routes_json(service), "connections", (json_int_t)totals.connections, "connections_total",
		(json_int_t)totals.connections_total, "refused_total", (json_int_t)totals.refused_total, "ended_total",
		ended_json(&totals), "bytes_in", (json_int_t)totals.bytes_in, "bytes_out",
		(json_int_t)totals.bytes_out);
	if (service->protocol == SERVICE_PROTOCOL_UDP)
		add_udp(json, &totals);
	if (director_layout(director)->services[slot].leaving)
		json_object_set_new(json, "leaving", json_true());
	return json;
}

/* RFC 3339, UTC; null for 0. */
static json_t *time_json(time_t at)
{
	char text[32];
	struct tm tm;

	if (at == 0 || gmtime_r(&at, &tm) == NULL)
		return json_null();
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *agent_json(const struct server *server)
{
	return *server->agent_text != '\0' ? json_string(server->agent_text) : json_null();
}

/* The name that is looked up for the address. */
static json_t *host_json(const struct server_conf *conf)
{
	return conf->host != NULL ? json_string(conf->host) : json_null();
}

json_t *status_server_json(const struct director *director, uint32_t slot)
{
	const struct server *server = &director_servers(director)->list[slot];
	struct server_totals totals = workers_server_totals(director_workers(director), slot);
	char address[SERVER_ADDRESS_TEXT_MAX];
	json_t *json;

	json = json_pack("{s:s, s:s, s:o, s:s, s:s, s:i, s:i, s:b, s:i, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:b}",
		"name", server->conf->name, "address", servers_address(director_servers(director), slot, address),
		"host", host_json(server->conf), "admin", admin_name(server->admin), "health",
		health_name(servers_health(server)), "weight", (int)server->weight, "share",
		(int)director_servers(director)->shares[slot], "backup", (int)server->conf->backup, "max_connections",
		(int)server->conf->max_connections, "connections", (json_int_t)totals.connections, "connections_total",
		(json_int_t)totals.connections_total, "connects_failed", (json_int_t)totals.connects_failed,
		"ports_missing", (json_int_t)totals.ports_missing, "check", server->check, "certificate_until",
		time_json(server->certificate_until_s), "agent", agent_json(server), "ejected",
		(int)server->outlier.ejected);
	if (server->leaving || server->absent)
		json_object_set_new(json, "leaving", json_true());
	return json;
}

/* Of the plan by which sources are dealt out: the same on both nodes, or they differ in it. */
static json_t *digest_json(const struct director *director, uint32_t slot)
{
	const struct balance_plan *plan = director_snapshot(director)->pools[slot].servers.plan;

	return plan != NULL ? json_sprintf("%016" PRIx64, plan->digest) : json_null();
}

static json_t *queue_json(const struct director *director, uint32_t slot)
{
	struct queue_totals totals = workers_queue_totals(director_workers(director), slot);

	return json_pack("{s:i, s:I, s:I}", "size", (int)director_layout(director)->pools[slot].conf->queue.size,
		"waiting", (json_int_t)totals.waiting, "timeouts_total", (json_int_t)totals.timeouts);
}

/* One whose address is gone is shown as long as it has connections there. */
bool status_shows_server(const struct director *director, uint32_t slot)
{
	const struct server *server = &director_servers(director)->list[slot];

	return server->pool != NULL &&
	       (!server->absent || workers_server_totals(director_workers(director), slot).connections > 0);
}

json_t *status_pool_json(const struct director *director, uint32_t slot)
{
	const struct pool_conf *pool = director_layout(director)->pools[slot].conf;

	return json_pack("{s:s, s:s, s:o, s:o}", "name", pool->name, "balance", balance_table[pool->balance]->name,
		"digest", digest_json(director, slot), "queue", queue_json(director, slot));
}

/* vrrpd's last word of a vip that has gone may come after our own reload. */
static json_t *roles_json(const struct roles *roles, const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < roles->count; i++) {
		if (conf_find_vip(conf, roles->list[i].vip) != NULL)
			json_array_append_new(list,
				json_pack("{s:s, s:s}", "vip", roles->list[i].vip, "state", roles->list[i].state));
	}
	return list;
}

json_t *status_head_json(const struct director *director, const struct status_identity *identity)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:s, s:o}", "node", identity->node, "version", PACKAGE_VERSION,
		"config_hash", director_conf(director)->hash, "generation",
		(json_int_t)runtime_generation(director_runtime(director)), "pid", (int)getpid(), "threads",
		(int)workers_count(director_workers(director)), "config_path", identity->config_path, "roles",
		roles_json(director_roles(director), director_conf(director)));
}
