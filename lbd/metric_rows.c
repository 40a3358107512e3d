/* SPDX-License-Identifier: MIT */
#include "lbd/metric_rows.h"

#include "lbd/runtime.h"
#include "lbd/score.h"

#define FIELD(type, field) METRIC_FIELD(type, field)
#define ROWS(array) .rows = (array), .row_count = ARRAY_LEN(array)

static const char *health_word(size_t i)
{
	return health_name((enum health)i);
}

static const char *admin_word(size_t i)
{
	return admin_name((enum admin_state)i);
}

static const char *ending_word(size_t i)
{
	return ending_table[i + 1].name;
}

/* These have the names that Prometheus's own client libraries give them. */
static const struct metric_row process_rows[] = {
	{"process_cpu_seconds", METRIC_COUNTER, METRIC_SPAN, FIELD(struct process_sample, cpu_ns), .unit = "seconds",
		.help = "Processor time that lbd has taken, in user and kernel mode."},
	{"process_open_fds", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct process_sample, open_fds),
		.help = "File descriptors that are open; a TCP connection takes two."},
	{"process_max_fds", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct process_sample, max_fds),
		.help = "The most that may be open."},
	{"process_resident_memory_bytes", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct process_sample, resident_bytes),
		.unit = "bytes", .help = "Memory that lbd occupies."},
	{"process_virtual_memory_bytes", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct process_sample, virtual_bytes),
		.unit = "bytes", .help = "Addresses that it has mapped."},
	{"process_start_time_seconds", METRIC_GAUGE, METRIC_MOMENT, FIELD(struct process_sample, started_at_s),
		.unit = "seconds", .help = "When lbd was started, since 1970."},
};

static const struct metric_row lbd_rows[] = {
	{"lbd_build", METRIC_INFO, METRIC_TEXT, FIELD(struct lbd_sample, version), .label = "version",
		.help = "The version that runs."},
	{"lbd_config", METRIC_INFO, METRIC_TEXT, FIELD(struct lbd_sample, config_hash), .label = "hash",
		.help = "The configuration in use, as `lbctl status` tells it; where the two nodes of a pair differ, "
			"so do their configurations."},
	{"lbd_node", METRIC_INFO, METRIC_TEXT, FIELD(struct lbd_sample, node), .label = "node",
		.help = "Which node of the pair this is."},
	{"lbd_workers", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct lbd_sample, workers),
		.help = "Threads that forward."},
	{"lbd_open_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct lbd_sample, open_connections),
		.help = "Connections and UDP sessions that are open, of all services."},
	{"lbd_max_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct lbd_sample, max_connections),
		.help = "`max-connections` of the forwarder; 0: without limit."},
	{"lbd_changes", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct lbd_sample, changes),
		.help = "How often the workers were told anew what to forward by: a server's health, an operator's "
			"decision, a vip that moved."},
	{"lbd_reloads", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct lbd_sample, reloads),
		.help = "How often it has gone over to another configuration; a reload that was refused does not "
			"count."},
	{"lbd_unchecked_servers", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct lbd_sample, unchecked_servers),
		.help = "Servers with a check that have had no verdict yet; vrrpd takes no vip before that is 0."},
};

static const struct metric_row worker_rows[] = {
	{"lbd_worker_open_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct worker_sample, open_connections),
		.help = "Connections and UDP sessions that are open in this thread."},
	{"lbd_worker_accept_pauses", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct worker_sample, accept_pauses),
		.help = "How often it stopped accepting for a moment, for want of descriptors or memory; it should "
			"stay at 0."},
	{"lbd_worker_beats", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct worker_sample, beats),
		.help = "Rounds of its clock, 50 a second; a thread that falls behind is overloaded or hangs."},
};

static const struct metric_row service_rows[] = {
	{"lbd_service", METRIC_INFO, METRIC_TEXT, FIELD(struct service_sample, protocol), .label = "protocol",
		.help = "What is forwarded."},
	{"lbd_service_up", METRIC_GAUGE, METRIC_YES_NO, FIELD(struct service_sample, up),
		.help = "Whether a new connection would find a server in the service's own pool."},
	{"lbd_service_open_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct service_sample, open_connections),
		.help = "Connections, with UDP sessions, that are open."},
	{"lbd_service_max_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct service_sample, max_connections),
		.help = "Its `max-connections`; 0: without limit."},
	{"lbd_service_connections", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct service_sample, connections),
		.help = "Connections, with UDP sessions, that came in."},
	{"lbd_service_refused_connections", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct service_sample, refused),
		.help = "Those of them that were given no server: there was none, or none that took them."},
	{"lbd_service_ended_connections", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct service_sample, ended),
		.label = "cause", METRIC_WORDS(ending_word, END_COUNT - 1),
		.help = "Connections and UDP sessions that have ended, and why: lbd(8) tells what each cause means."},
	{"lbd_service_received_bytes", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct service_sample, bytes_in),
		.unit = "bytes", .help = "From clients, and taken by servers."},
	{"lbd_service_sent_bytes", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct service_sample, bytes_out),
		.unit = "bytes", .help = "From servers, and taken by clients."},
	{"lbd_service_dropped_datagrams", METRIC_COUNTER, METRIC_NUMBER,
		FIELD(struct service_sample, datagrams_dropped),
		.help = "UDP: datagrams that came from clients or servers and were not passed on."},
	{"lbd_service_evicted_sessions", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct service_sample, sessions_evicted),
		.help = "UDP: sessions that ended before their time, to make room for others."},
};

static const struct metric_row pool_rows[] = {
	{"lbd_pool", METRIC_INFO, METRIC_TEXT, FIELD(struct pool_sample, balance), .label = "balance",
		.help = "How its servers are chosen."},
	{"lbd_pool_up", METRIC_GAUGE, METRIC_YES_NO, FIELD(struct pool_sample, up),
		.help = "Whether a new connection would find a server, one for backup included."},
	{"lbd_pool_servers", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct pool_sample, servers),
		.help = "Servers that it has, one for each address of those with names."},
	{"lbd_pool_usable_servers", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct pool_sample, usable_servers),
		.help = "Those that are enabled, not down and not ejected."},
	{"lbd_pool_queue_size", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct pool_sample, queue_size),
		.help = "How many connections may wait for a server with room; 0: there is no queue."},
	{"lbd_pool_queue_waiting", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct pool_sample, queue_waiting),
		.help = "How many wait."},
	{"lbd_pool_queue_timeouts", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct pool_sample, queue_timeouts),
		.help = "Connections that were refused as they had waited too long."},
};

static const struct metric_row server_rows[] = {
	{"lbd_server", METRIC_INFO, METRIC_TEXT, FIELD(struct server_sample, address), .label = "address",
		.help = "Where it is."},
	{"lbd_server_health", METRIC_STATE, METRIC_INDEX, FIELD(struct server_sample, health),
		METRIC_WORDS(health_word, HEALTH_DOWN + 1),
		.help = "By its checks and its agent; without a check it is unknown, which counts as up."},
	{"lbd_server_admin", METRIC_STATE, METRIC_INDEX, FIELD(struct server_sample, admin),
		METRIC_WORDS(admin_word, ADMIN_COUNT), .help = "What the operator has decided."},
	{"lbd_server_ejected", METRIC_GAUGE, METRIC_YES_NO, FIELD(struct server_sample, ejected),
		.help = "Whether it gets nothing for a while, as it failed clients' connections (`outlier`)."},
	{"lbd_server_backup", METRIC_GAUGE, METRIC_YES_NO, FIELD(struct server_sample, backup),
		.help = "Whether it is used only when no other of the pool is usable."},
	{"lbd_server_weight", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct server_sample, weight),
		.help = "Its share as configured or decided, against the others'."},
	{"lbd_server_share", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct server_sample, share),
		.help = "The share that it has now: 0 while it is not used, less than its weight in a slow start."},
	{"lbd_server_max_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct server_sample, max_connections),
		.help = "Its `max-connections`; 0: without limit."},
	{"lbd_server_open_connections", METRIC_GAUGE, METRIC_NUMBER, FIELD(struct server_sample, open_connections),
		.help = "Connections and UDP sessions that are open to it, those that are being connected included."},
	{"lbd_server_connections", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, connections),
		.help = "Those that it was chosen for."},
	{"lbd_server_failed_connects", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, connects_failed),
		.help = "Those that it did not take: refused, unreachable, or no answer in time."},
	{"lbd_server_early_resets", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, resets_early),
		.help = "Those that it reset before it had sent anything."},
	{"lbd_server_missing_ports", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, ports_missing),
		.help = "Attempts to connect to it for which this host had no port left."},
	{"lbd_server_checks", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, checks),
		.help = "Checks that were made, the agent's not included."},
	{"lbd_server_failed_checks", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, checks_failed),
		.help = "Those that failed."},
	{"lbd_server_check_duration_seconds", METRIC_GAUGE, METRIC_SPAN, FIELD(struct server_sample, check_ns),
		.unit = "seconds", .help = "How long the last one took; absent before the first."},
	{"lbd_server_certificate_end_seconds", METRIC_GAUGE, METRIC_MOMENT,
		FIELD(struct server_sample, certificate_until_s), .unit = "seconds",
		.help = "When the certificate that it showed in its check expires, since 1970; absent where it has "
			"shown none."},
	{"lbd_server_name_lookups", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, lookups),
		.help = "How often its name was looked up; 0 where it has none. The same for all that have this name."},
	{"lbd_server_failed_name_lookups", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, lookups_failed),
		.help = "Those that came to no address: it keeps the one that it has, or is down without one."},
	{"lbd_server_moves", METRIC_COUNTER, METRIC_NUMBER, FIELD(struct server_sample, moves),
		.help = "How often it was given another address in place of one that its name has no more."},
};

const struct metric_group metric_groups[METRIC_GROUP_COUNT] = {
	[METRIC_GROUP_PROCESS] = {"The process", .size = sizeof(struct process_sample), ROWS(process_rows),
		.help = "lbd as its host sees it."},
	[METRIC_GROUP_LBD] = {"lbd", .size = sizeof(struct lbd_sample), ROWS(lbd_rows), .help = "lbd as a whole."},
	[METRIC_GROUP_WORKER] = {"Workers", {"worker"}, .size = sizeof(struct worker_sample), ROWS(worker_rows),
		.help = "Each of lbd's threads, from 0."},
	[METRIC_GROUP_SERVICE] = {"Services", {"service"}, .size = sizeof(struct service_sample), ROWS(service_rows),
		.help = "Each `service` of the configuration."},
	[METRIC_GROUP_POOL] = {"Pools", {"pool"}, .size = sizeof(struct pool_sample), ROWS(pool_rows),
		.help = "Each `pool`."},
	[METRIC_GROUP_SERVER] = {"Servers", {"pool", "server"}, .size = sizeof(struct server_sample), ROWS(server_rows),
		.help = "Each `server` of each pool."},
};
