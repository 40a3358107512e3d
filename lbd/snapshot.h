/* SPDX-License-Identifier: MIT */
/*
 * What the workers forward by: services, pools and servers with what is decided about them, in one immutable piece.
 * The control thread builds a new one at each change; workers hold references, and the last to let go frees it.
 *
 * All three stand in arrays by their slots (layout.h). What is leaving is there for those connections that it has
 * still: a service with what it was configured to be, a pool without servers, a server without a place.
 */
#ifndef LBPAIR_LBD_SNAPSHOT_H
#define LBPAIR_LBD_SNAPSHOT_H

#include "lbd/balance.h"
#include "lbd/closings.h"
#include "lbd/entry.h"
#include "lbd/layout.h"
#include "lbd/runtime.h"
#include "lbd/routes.h"
#include "lbd/split.h"

#define SNAPSHOT_NO_POOL UINT32_MAX

struct snapshot_service {
	const char *name;
	/* Of the pools in which a server has a share; else the backup pool. Without sides: it has routes alone. */
	struct split split;
	struct routes *routes;       /* a reference; NULL: none */
	const uint32_t *route_pools; /* their slots, by route */
	uint32_t backup_pool;        /* its slot, or SNAPSHOT_NO_POOL */
	unsigned retries;
	uint32_t max_connections; /* 0: without limit */
	struct access *access;    /* a reference; NULL: everybody may come in */
	struct per_source_conf per_source;
	struct bandwidth_conf bandwidth;
	struct timeouts_conf timeouts;
	struct udp_conf udp;
	bool transparent;
	int keepalive_s;                 /* 0: none */
	uint8_t prefaces;                /* what its clients may have to send first, as a set (preface.h) */
	const struct prefix *proxy_from; /* who has to send a PROXY header */
	size_t proxy_from_count;
};

struct snapshot_pool {
	enum balance_kind balance;
	struct queue_conf queue;
	bool counted;            /* its servers are entered on the board */
	uint64_t revision;       /* another one whenever something of its servers is */
	const uint32_t *members; /* the servers' slots, by place */
	struct balance_pool servers;
	struct board_pool *board;
};

#define SNAPSHOT_NO_PLACE UINT32_MAX

struct snapshot_server {
	const char *name; /* POOL/SERVER */
	struct endpoint address;
	const char *path; /* of a Unix socket instead, for new connections; NULL: none */
	struct ip source; /* of family 0: as the routes say */
	enum send_proxy send_proxy;
	uint32_t pool;
	uint32_t place; /* in its pool; SNAPSHOT_NO_PLACE: it is leaving, or the slot is free */
};

/* An address that this node has given up: connections to it are reset, once for each new revision. */
struct snapshot_yield {
	struct ip address;
	uint64_t revision;
};

struct snapshot {
	_Atomic unsigned references;
	uint64_t generation; /* counts up */
	bool accepting;
	bool log_connections;
	uint32_t max_connections; /* of all; 0: without limit */
	/* What is pointed at in configurations lives as long: the current one, and those of what is leaving. */
	struct conf *conf;
	struct conf **formers;
	size_t former_count;
	struct entry *entry; /* a reference */
	const struct snapshot_service *services;
	const struct snapshot_pool *pools;
	const struct snapshot_server *servers;
	const struct snapshot_yield *yields;
	size_t service_count;
	size_t pool_count;
	size_t server_count;
	size_t yield_count;
	const struct closing *closings;
	size_t closing_count;
};

/* Where a connection goes that is routed to `pool`: to the service's backup pool while no server of that has a share.
 */
uint32_t snapshot_route_pool(const struct snapshot *snapshot, const struct snapshot_service *service, uint32_t pool);

struct snapshot_source {
	const struct layout *layout;
	struct entry *entry;
	struct board *board;             /* its slots are reserved */
	const struct snapshot *previous; /* plans that still hold are taken over; NULL: there is none */
	uint64_t generation;
	bool accepting;
	const struct endpoint *addresses; /* of servers, by slot; NULL: those of the configuration */
	const struct runtime *runtime;
	const unsigned *weights; /* by server's slot, as is the next */
	const unsigned *shares;
	const uint64_t *pool_revisions; /* by pool's slot */
	const struct snapshot_yield *yields;
	size_t yield_count;
	const struct closing *closings;
	size_t closing_count;
};

/* One reference, the caller's. -ENOMEM. */
MUST_USE int snapshot_new(const struct snapshot_source *source, struct snapshot **ret_snapshot);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
/* Accepts NULL. */
void snapshot_unref(struct snapshot *snapshot);

#endif
