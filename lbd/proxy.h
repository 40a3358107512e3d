/* SPDX-License-Identifier: MIT */
/*
 * A worker's half of the TCP proxy, as its files share it: proxy_tcp.c has the listeners and the row of forward_table,
 * proxy_conn.c the connections.
 */
#ifndef LBPAIR_LBD_PROXY_H
#define LBPAIR_LBD_PROXY_H

#include "common/pure/list.h"
#include "lbd/admission.h"
#include "lbd/flow.h"
#include "lbd/forward.h"
#include "lbd/gates.h"
#include "lbd/life.h"
#include "lbd/picker.h"
#include "lbd/proxy_pace.h"
#include "lbd/proxy_queue.h"
#include "lbd/slab.h"
#include "lbd/store.h"
#include "lbd/wheel.h"

struct proxy;

struct proxy_listener {
	struct loop_io io;
	struct proxy *proxy;
	struct list link; /* in `listeners` of the proxy */
	uint64_t number;  /* of the entry's socket */
	int fd;           /* -1: closed */
	bool fast_open;
	uint8_t burst; /* connections that came in one turn lately */
	uint8_t turns;
	struct list held; /* in `held` of the proxy, while there is no room for its connections */
	uint32_t service;
	struct ip address; /* the unspecified one: all of this host's */
};

struct proxy {
	struct forward_env env;
	const struct snapshot *snapshot; /* borrowed from the worker */
	struct picker *picker;
	struct admission admission;
	struct wheel wheel;
	struct slab conns;
	struct store store;
	struct proxy_queues queues;
	struct list open; /* all connections */
	size_t open_count;
	struct proxy_paces paces;
	struct list busy; /* those that could go on and have had their turn */
	struct loop_timer busy_timer;

	struct list listeners;     /* in the order of their numbers */
	const struct entry *entry; /* that they follow; NULL: none, or not wholly */
	struct list held;
	struct list starving; /* connections that wait for descriptors or memory */
	bool accepts_paused;
	struct loop_timer accept_timer;
	struct mono pause_logged_at;
	struct mono reach_logged_at;
	uint64_t yields_seen; /* the highest revision that has been carried out */
	uint64_t closings_seen;
	uint64_t lots; /* the sequence of connections' lots */
};

/* Servers that a connection remembers as tried; with more retries than that it may come back to the first. */
#define CONN_TRIED_MAX 6

struct conn {
	struct proxy *proxy;
	struct side client;
	struct side server;
	struct flow up;
	struct flow down;
	struct life life;
	struct wheel_timer timer;
	struct list link; /* in proxy->open */
	struct list busy;
	uint32_t service;        /* its slot; the listener may come to serve another one */
	struct ip address;       /* of the listener; the unspecified one: all of this host's */
	struct picker_hold hold; /* of the server, which may be CONN_NO_SERVER */
	uint64_t source;         /* a hash of the client's address */
	struct endpoint from;    /* the client, as the socket or a PROXY header has it */
	struct endpoint to;      /* where the client has connected to; of family 0: as the socket has it */
	uint32_t route_pool;     /* the slot of the pool that its route leads to; CONN_NO_POOL: it has taken none */
	uint64_t lot;            /* by which it draws its pool, where sources do not decide */
	struct list waiting;     /* in the queue of the pool `waits_in`; CONN_NO_POOL: in none, or it starves */
	uint32_t waits_in;
	uint64_t bytes_in; /* taken by the server */
	uint64_t bytes_out;
	struct mono began;
	int64_t connect_ns;      /* below 0: no server has taken it */
	uint32_t last_server;    /* the slot of the one that was tried last, or CONN_NO_SERVER */
	struct proxy_pace *pace; /* NULL: its service has no limit of bandwidth */
	struct gates_pass pass;
	sources_key counted; /* in the client's share */
	bool heard;          /* the server has sent something */
	uint8_t prefaces;    /* which are still to come, as a set (preface.h) */
	uint8_t tried_count;
	uint32_t tried[CONN_TRIED_MAX];
};

#define CONN_NO_SERVER UINT32_MAX
#define CONN_NO_POOL SNAPSHOT_NO_POOL

static inline const struct snapshot_service *conn_service(const struct conn *conn)
{
	return &conn->proxy->snapshot->services[conn->service];
}

static inline struct service_counters *conn_counters(const struct conn *conn)
{
	return counters_service(conn->proxy->env.counters, conn->service);
}

static inline struct server_counters *conn_server_counters(const struct conn *conn)
{
	return counters_server(conn->proxy->env.counters, conn->hold.server);
}

static inline struct mono conn_now(const struct conn *conn)
{
	return loop_now(conn->proxy->env.loop);
}

struct proxy_client {
	int fd;
	struct sockaddr_storage peer;
	struct gates_pass pass;
};

/* Takes over the client's socket, which has been accepted on `listener`, and its pass, in any case. */
void proxy_conn_open(struct proxy *proxy, const struct proxy_listener *listener, const struct proxy_client *client);
/* Ends it with a reset of both sides. */
void proxy_conn_reset(struct conn *conn, enum end_cause cause);
/* Its server is taken away from it; an attempt that is under way goes to another one. */
void proxy_conn_lose_server(struct conn *conn, const struct closing *closing);
/* Those that wait, as far as there is room for them by now. */
void proxy_conn_serve_queues(struct proxy *proxy);
/* There may be descriptors and memory again. Where there are not, accepting is paused anew. */
void proxy_conn_feed(struct proxy *proxy);
/* After its turn in a busy round. */
void proxy_conn_go_on(struct conn *conn);
/* For the wheel. */
void proxy_conn_on_time(struct wheel_timer *timer, void *context);
/* Another configuration has come, with limits at which the connection may have to be counted. */
void proxy_conn_count_late(struct conn *conn);
/* For a census. */
census_fn proxy_conn_describe;
/* Whether the client speaks to `address`. */
bool proxy_conn_is_local_to(const struct conn *conn, const struct ip *address);

/* The connection is to go on in the next round. */
void proxy_conn_is_busy(struct proxy *proxy, struct list *link);

/* There are no descriptors or no memory left: no connections are accepted for a moment. */
void proxy_exhausted(struct proxy *proxy, int error);

#endif
