/* SPDX-License-Identifier: MIT */
/* What lbd measures: groups of rows (common/model/metrics.h), and the structs that they are read from. */
#ifndef LBPAIR_LBD_METRIC_ROWS_H
#define LBPAIR_LBD_METRIC_ROWS_H

#include "common/model/metrics.h"
#include "lbd/ending.h"

enum metric_group_kind {
	METRIC_GROUP_PROCESS,
	METRIC_GROUP_LBD,
	METRIC_GROUP_WORKER,
	METRIC_GROUP_SERVICE,
	METRIC_GROUP_POOL,
	METRIC_GROUP_SERVER,
	METRIC_GROUP_COUNT,
};

extern const struct metric_group metric_groups[METRIC_GROUP_COUNT];

struct process_sample {
	uint64_t open_fds;
	uint64_t max_fds;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	int64_t cpu_ns;
	int64_t started_at_s;
};

struct lbd_sample {
	const char *version;
	const char *config_hash;
	const char *node;
	uint64_t workers;
	uint64_t open_connections;
	uint64_t max_connections;
	uint64_t changes;
	uint64_t reloads;
	uint64_t unchecked_servers;
};

struct worker_sample {
	uint64_t open_connections;
	uint64_t accept_pauses;
	uint64_t beats;
};

struct service_sample {
	const char *protocol;
	bool up;
	uint64_t open_connections;
	uint64_t max_connections;
	uint64_t connections;
	uint64_t refused;
	uint64_t ended[END_COUNT - 1]; /* END_OPEN is none */
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t datagrams_dropped;
	uint64_t sessions_evicted;
};

struct pool_sample {
	const char *balance;
	bool up;
	uint64_t servers;
	uint64_t usable_servers;
	uint64_t queue_size;
	uint64_t queue_waiting;
	uint64_t queue_timeouts;
};

struct server_sample {
	const char *address;
	unsigned health;
	unsigned admin;
	bool ejected;
	bool backup;
	uint64_t weight;
	uint64_t share;
	uint64_t max_connections;
	uint64_t open_connections;
	uint64_t connections;
	uint64_t connects_failed;
	uint64_t resets_early;
	uint64_t ports_missing;
	uint64_t checks;
	uint64_t checks_failed;
	int64_t check_ns;
	int64_t certificate_until_s;
	uint64_t lookups;
	uint64_t lookups_failed;
	uint64_t moves;
};

#endif
