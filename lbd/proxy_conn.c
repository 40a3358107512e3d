/* SPDX-License-Identifier: MIT */
#include "lbd/proxy.h"

#include "common/pure/hash.h"
#include "lbd/dial.h"
#include "lbd/preface.h"
#include "lbd/proxy_reach.h"
#include "lbd/proxy_release.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What an idle connection costs in user memory. */
static_assert(sizeof(struct conn) <= 512, "a connection has grown");

/* These return whether the connection is still there. */
static bool conn_do(struct conn *conn, enum life_action action);
static bool conn_event(struct conn *conn, enum life_event event);

static_assert(CONN_NO_POOL == SPLIT_NONE, "a connection without a pool is another");

/* The same for as long as the service's split is. CONN_NO_POOL: it has taken no route, and there is nothing else. */
static uint32_t conn_pool(const struct conn *conn)
{
	const struct split *split = &conn_service(conn)->split;

	if (conn->route_pool != CONN_NO_POOL)
		return snapshot_route_pool(conn->proxy->snapshot, conn_service(conn), conn->route_pool);
	if (split->count == 0)
		return CONN_NO_POOL;
	return split_draw(split, split->by_source ? conn->source : conn->lot);
}

static void conn_set_timer(struct conn *conn)
{
	wheel_set(&conn->proxy->wheel, &conn->timer, life_deadline(&conn->life, &conn_service(conn)->timeouts));
}

static bool conn_event(struct conn *conn, enum life_event event)
{
	return conn_do(conn, life_step(&conn->life, &conn_service(conn)->timeouts, event, conn_now(conn)));
}

/* An event of which there are several kinds. */
static bool conn_event_by(struct conn *conn, enum life_event event, enum end_cause cause)
{
	conn->life.cause = cause;
	return conn_event(conn, event);
}

static void side_shut(struct side *side)
{
	/* It fails where the other side has been reset, of which an event tells. */
	(void)shutdown(side->io.fd, SHUT_WR);
	side->shut = true;
}

/* Connecting. */

static void on_server(struct loop_io *io, unsigned events);

/* -ENOENT, -EAGAIN as picker_take. */
static int conn_take_server(struct conn *conn)
{
	const struct picker_query query = {
		.pool = conn_pool(conn),
		.source = conn->source,
		.excluded = conn->tried,
		.excluded_count = conn->tried_count,
	};
	int r = picker_take(conn->proxy->picker, conn->proxy->snapshot, &query, &conn->hold);

	if (r == 0) {
		counter_add(&conn_server_counters(conn)->connections, 1);
		conn->last_server = conn->hold.server;
	}
	return r;
}

/* The server that is held is not to be tried again. */
static void conn_pass_over(struct conn *conn)
{
	if (conn->tried_count < CONN_TRIED_MAX)
		conn->tried[conn->tried_count++] = conn->hold.server;
	proxy_leave_server(conn, true);
}

/*
 * A client that has been accepted is not to pay for what this host lacks. Nobody else is accepted while it waits, so
 * that there are few of them.
 */
static void conn_starve(struct conn *conn, int error)
{
	struct proxy *proxy = conn->proxy;

	proxy_leave_server(conn, true);
	conn->last_server = CONN_NO_SERVER;
	list_append(&proxy->starving, &conn->waiting);
	life_starve(&conn->life, &conn_service(conn)->timeouts, conn_now(conn));
	conn_set_timer(conn);
	proxy_exhausted(proxy, error);
}

/* To the server that has been taken. */
static bool conn_attempt(struct conn *conn)
{
	int r;

	conn_set_timer(conn);
	r = proxy_reach(conn, on_server);
	if (r == 0)
		return true;
	if (proxy_reach_is_exhaustion(r)) {
		conn_starve(conn, r);
		return true;
	}
	if (proxy_reach_is_ours(conn, r))
		conn_pass_over(conn);
	return conn_event_by(conn, LIFE_CONNECT_FAILED, ending_of_connect(r));
}

/* False: the pool has no queue, or it is full. */
static bool conn_wait(struct conn *conn)
{
	struct proxy *proxy = conn->proxy;
	uint32_t pool = conn_pool(conn);
	const struct queue_conf *queue = &proxy->snapshot->pools[pool].queue;

	if (!proxy_queue_join(&proxy->queues, pool, queue->size, &conn->waiting))
		return false;
	conn->waits_in = pool;
	conn->last_server = CONN_NO_SERVER;
	life_wait(&conn->life, queue->timeout_ns, conn_now(conn));
	conn_set_timer(conn);
	return true;
}

/* `error`: of picker_take. */
static bool conn_refuse(struct conn *conn, int error)
{
	return conn_event_by(conn, LIFE_NO_SERVER, error == -EAGAIN ? END_SERVERS_FULL : END_NO_SERVER);
}

static bool conn_connect(struct conn *conn)
{
	uint32_t pool = conn_pool(conn);
	int r;

	if (pool == CONN_NO_POOL)
		return conn_event_by(conn, LIFE_NO_SERVER, END_NO_ROUTE);
	/* Nobody overtakes those that wait. */
	r = proxy_queue_is_used(&conn->proxy->queues, pool) ? -EAGAIN : conn_take_server(conn);
	if (r == -EAGAIN && conn_wait(conn))
		return true;
	return r < 0 ? conn_refuse(conn, r) : conn_attempt(conn);
}

/* False: all servers are full still. Else it waits no more, at least not in that queue. */
static bool conn_stop_waiting(struct conn *conn)
{
	bool moved = conn_pool(conn) != conn->waits_in;
	int r = moved ? 0 : conn_take_server(conn);

	if (r == -EAGAIN && proxy_queue_wait(&conn->proxy->queues, conn->waits_in))
		r = conn_take_server(conn);
	if (r == -EAGAIN)
		return false;
	proxy_leave_queue(conn);
	life_go_on(&conn->life, conn_now(conn));
	if (moved)
		(void)conn_connect(conn);
	else
		(void)(r < 0 ? conn_refuse(conn, r) : conn_attempt(conn));
	return true;
}

static void serve(const struct proxy *proxy, struct proxy_queue *queue)
{
	while (!list_is_empty(&queue->entries) && !proxy->accepts_paused) {
		if (!conn_stop_waiting(LIST_ENTRY(queue->entries.next, struct conn, waiting)))
			return;
	}
}

void proxy_conn_serve_queues(struct proxy *proxy)
{
	struct proxy_queue *queue;

	LIST_FOR_EACH(queue, &proxy->queues.busy, link)
	serve(proxy, queue);
}

void proxy_conn_feed(struct proxy *proxy)
{
	struct list due;

	list_take_all(&proxy->starving, &due);
	while (!list_is_empty(&due)) {
		struct conn *conn = LIST_ENTRY(due.next, struct conn, waiting);

		list_remove(&conn->waiting);
		if (proxy->accepts_paused) {
			list_append(&proxy->starving, &conn->waiting);
			continue;
		}
		life_go_on(&conn->life, conn_now(conn));
		(void)conn_connect(conn);
	}
	if (!proxy->accepts_paused)
		proxy_conn_serve_queues(proxy);
}

/* The attempt has failed. */
static void conn_note_failure(struct conn *conn)
{
	if (conn->hold.server == CONN_NO_SERVER)
		return;
	counter_add(&conn_server_counters(conn)->connects_failed, 1);
	conn_pass_over(conn);
}

/* Open. */

/* Reports the end of one direction, once. */
static bool conn_pass_end(struct conn *conn, enum flow_result result, const struct side *sink, enum life_event event)
{
	return result != FLOW_ENDED || sink->shut || conn_event(conn, event);
}

static void conn_count_bytes(struct conn *conn, uint64_t in, uint64_t out)
{
	struct service_counters *counters = conn_counters(conn);

	conn->bytes_in += in;
	conn->bytes_out += out;
	if (in > 0)
		counter_add(&counters->bytes_in, in);
	if (out > 0)
		counter_add(&counters->bytes_out, out);
	if (in + out > 0)
		life_touch(&conn->life, conn_now(conn));
}

static bool conn_run(struct conn *conn)
{
	struct proxy *proxy = conn->proxy;
	const struct bandwidth_conf *limits = &conn_service(conn)->bandwidth;
	enum flow_result up, down;
	uint64_t in, out;

	if (conn->pace == NULL && (limits->up > 0 || limits->down > 0))
		conn->pace = proxy_pace_new(&proxy->paces, conn);
	if (conn->pace != NULL)
		proxy_pace_begin(conn->pace, limits, conn_now(conn), &conn->up, &conn->down);
	up = flow_run(&conn->up, &conn->client, &conn->server, &proxy->store, &in);
	down = flow_run(&conn->down, &conn->server, &conn->client, &proxy->store, &out);
	if (up == FLOW_HELD || down == FLOW_HELD)
		proxy_pace_wait(&proxy->paces, conn->pace, limits, up == FLOW_HELD, down == FLOW_HELD);
	conn_count_bytes(conn, in, out);
	conn->heard |= out > 0 || !flow_is_empty(&conn->down) || conn->server.ended;
	if (conn->server.reset && !conn->client.reset && !conn->heard)
		counter_add(&conn_server_counters(conn)->resets_early, 1);
	list_remove(&conn->busy);
	if (up == FLOW_BUSY || down == FLOW_BUSY)
		proxy_conn_is_busy(proxy, &conn->busy);
	else if (conn->client.reset || conn->server.reset)
		/* What the reset side had sent before has been passed on by now, as far as the other side took it. */
		return conn_event(conn, conn->client.reset ? LIFE_CLIENT_RESET : LIFE_SERVER_RESET);
	return conn_pass_end(conn, up, &conn->server, LIFE_CLIENT_FIN) &&
	       conn_pass_end(conn, down, &conn->client, LIFE_SERVER_FIN);
}

void proxy_conn_go_on(struct conn *conn)
{
	(void)conn_run(conn);
}

/* The beginning. */

/* The client is known by now. */
static bool conn_admit(struct conn *conn)
{
	const struct ip *from = &conn->from.ip;
	enum end_cause cause = admission_ask(
		&conn->proxy->admission, conn->proxy->snapshot, conn->service, from, conn_now(conn), &conn->counted);

	if (cause != END_OPEN)
		return conn_event_by(conn, LIFE_NO_SERVER, cause);
	conn->source = hash_bytes(from->bytes, ip_size(from));
	return conn_connect(conn);
}

static struct preface conn_preface(const struct conn *conn)
{
	return (struct preface){
		.service = conn_service(conn),
		.client = conn->from,
		.local = conn->to,
		.pool = conn->route_pool,
	};
}

static bool conn_begin(struct conn *conn)
{
	struct preface preface;

	if (conn_service(conn)->prefaces == 0)
		return conn_admit(conn);
	preface = conn_preface(conn);
	conn->prefaces = preface_due(&preface, conn_service(conn)->prefaces);
	if (conn->prefaces == 0)
		return conn_admit(conn);
	life_expect_preface(&conn->life, conn_now(conn));
	life_set_preface_optional(&conn->life, preface_is_optional(conn->prefaces));
	conn_set_timer(conn);
	return true;
}

static bool conn_read_preface(struct conn *conn)
{
	struct preface preface = conn_preface(conn);
	int r = preface_run(&preface, &conn->prefaces, &conn->client, &conn->proxy->store);

	conn->from = preface.client;
	conn->to = preface.local;
	conn->route_pool = preface.pool;
	life_set_preface_optional(&conn->life, preface_is_optional(conn->prefaces));
	if (r == -EAGAIN)
		return true;
	if (r == 0)
		return conn_event(conn, LIFE_PREFACE_READ);
	if (r == -ENOMEM)
		proxy_exhausted(conn->proxy, r);
	return conn_event_by(conn, LIFE_PREFACE_WRONG, r == -ENOMEM ? END_OUT_OF_RESOURCES : END_PREFACE_ERROR);
}

/* Actions and events. */

static bool conn_do(struct conn *conn, enum life_action action)
{
	switch (action) {
	case LIFE_DO_NOTHING:
		return true;
	case LIFE_DO_ADMIT:
		return conn_admit(conn);
	case LIFE_DO_CONNECT:
		conn_note_failure(conn);
		return conn_connect(conn);
	case LIFE_DO_MOVE:
		proxy_leave_server(conn, true);
		return conn_connect(conn);
	case LIFE_DO_FIN_TO_SERVER:
		side_shut(&conn->server);
		conn_set_timer(conn);
		return true;
	case LIFE_DO_FIN_TO_CLIENT:
		side_shut(&conn->client);
		conn_set_timer(conn);
		return true;
	case LIFE_DO_CLOSE:
		/* After a timeout bytes may be in flight; a FIN would then tell of an end that is none. */
		proxy_release(conn, !flow_is_empty(&conn->up) || !flow_is_empty(&conn->down));
		return false;
	case LIFE_DO_REFUSE:
		conn_note_failure(conn);
		counter_add(&conn_counters(conn)->refused_total, 1);
		proxy_release(conn, true);
		return false;
	case LIFE_DO_RESET:
		proxy_release(conn, true);
		return false;
	}
	return true;
}

static void on_client(struct loop_io *io, unsigned events)
{
	struct conn *conn = CONTAINER_OF(io, struct conn, client.io);

	side_note(&conn->client, events);
	if (!life_is_early(&conn->life))
		(void)conn_run(conn);
	else if (conn->client.reset)
		(void)conn_event(conn, LIFE_CLIENT_RESET);
	else if (conn->life.state == LIFE_PREFACE)
		(void)conn_read_preface(conn);
}

static bool conn_connected(struct conn *conn)
{
	int r = proxy_greet(conn);

	if (r < 0)
		return conn_event_by(conn, LIFE_CONNECT_FAILED, ending_of_connect(r));
	counter_add(&conn_server_counters(conn)->connections_total, 1);
	conn->connect_ns = mono_diff(conn_now(conn), conn->life.since);
	if (!conn_event(conn, LIFE_CONNECTED) || !conn_run(conn))
		return false;
	conn_set_timer(conn);
	return true;
}

static void on_server(struct loop_io *io, unsigned events)
{
	struct conn *conn = CONTAINER_OF(io, struct conn, server.io);

	side_note(&conn->server, events);
	if (conn->life.state != LIFE_CONNECTING) {
		(void)conn_run(conn);
	} else if (conn->server.reset) {
		(void)conn_event_by(conn, LIFE_CONNECT_FAILED, ending_of_connect(conn->server.error));
	} else if (conn->server.writable) {
		(void)conn_connected(conn);
	}
}

void proxy_conn_on_time(struct wheel_timer *timer, void *context)
{
	struct conn *conn = CONTAINER_OF(timer, struct conn, timer);

	(void)context;
	/* The deadline has moved on with each byte, which the wheel was not told of. */
	if (conn_event(conn, LIFE_TIME) && conn->life.state != LIFE_CONNECTING)
		conn_set_timer(conn);
}

static struct conn *conn_new(
	struct proxy *proxy, const struct proxy_listener *listener, const struct proxy_client *client)
{
	struct conn *conn = slab_take(&proxy->conns);

	if (conn == NULL)
		return NULL;
	conn->proxy = proxy;
	conn->address = listener->address;
	conn->service = listener->service;
	conn->hold.server = CONN_NO_SERVER;
	conn->last_server = CONN_NO_SERVER;
	conn->connect_ns = -1;
	conn->began = loop_now(proxy->env.loop);
	conn->waits_in = CONN_NO_POOL;
	conn->route_pool = CONN_NO_POOL;
	list_init(&conn->waiting);
	conn->pass = client->pass;
	if (endpoint_from_sockaddr(&client->peer, &conn->from) < 0)
		conn->from = (struct endpoint){0}; /* it cannot be: nothing but IP is listened on */
	conn->lot = hash_next(&proxy->lots);
	conn->client.writable = true;
	conn->client.writes = SIDE_WRITES_AT_ONCE; /* the listener's option */
	wheel_timer_init(&conn->timer);
	list_init(&conn->busy);
	list_append(&proxy->open, &conn->link);
	proxy->open_count++;
	life_begin(&conn->life, conn_service(conn)->retries, loop_now(proxy->env.loop));
	counter_add(&conn_counters(conn)->connections, 1);
	counter_add(&conn_counters(conn)->connections_total, 1);
	return conn;
}

void proxy_conn_open(struct proxy *proxy, const struct proxy_listener *listener, const struct proxy_client *client)
{
	struct conn *conn = conn_new(proxy, listener, client);
	int r = -ENOMEM;

	if (conn != NULL)
		r = loop_io_add(proxy->env.loop, &conn->client.io, client->fd, SIDE_EVENTS, on_client);
	if (r < 0) {
		close(client->fd);
		proxy_exhausted(proxy, r);
		if (conn != NULL)
			(void)conn_event_by(conn, LIFE_NO_SERVER, END_OUT_OF_RESOURCES);
		else
			gates_leave(proxy->env.board, listener->service, &client->pass);
		return;
	}
	if (conn_service(conn)->keepalive_s > 0)
		dial_keep_alive(client->fd, conn_service(conn)->keepalive_s);
	(void)conn_begin(conn);
}

void proxy_conn_count_late(struct conn *conn)
{
	struct proxy *proxy = conn->proxy;

	gates_enter_late(proxy->env.board, proxy->snapshot, conn->service, &conn->pass);
	if (conn->hold.server != CONN_NO_SERVER)
		picker_enter_late(proxy->snapshot, &conn->hold);
	/* Before that nobody knows whose it is. */
	if (conn->life.state != LIFE_PREFACE)
		admission_count_late(&proxy->admission, proxy->snapshot, conn->service, &conn->from.ip, conn_now(conn),
			&conn->counted);
}

void proxy_conn_reset(struct conn *conn, enum end_cause cause)
{
	(void)conn_event_by(conn, LIFE_RESET, cause);
}

void proxy_conn_lose_server(struct conn *conn, const struct closing *closing)
{
	if (conn->life.state == LIFE_CONNECTING)
		(void)conn_event(conn, LIFE_LOSE_SERVER);
	else
		(void)conn_event_by(conn, closing->reset ? LIFE_RESET : LIFE_CLOSE, closing->cause);
}

static_assert(offsetof(struct conn, proxy) == 0, "a census knows by it which are open");
static_assert(CONN_NO_SERVER == CENSUS_NO_SERVER, "a connection without a server is another");

void proxy_conn_describe(const void *object, struct census_entry *ret_entry)
{
	const struct conn *conn = object;

	*ret_entry = (struct census_entry){
		.protocol = SERVICE_PROTOCOL_TCP,
		.client = conn->from,
		.local = conn->to.ip.family != 0 ? conn->to : proxy_local(conn),
		.state = life_state_name(conn->life.state),
		.age_ns = mono_diff(conn_now(conn), conn->began),
		.idle_ns = mono_diff(conn_now(conn), conn->life.active),
		.bytes_in = conn->bytes_in,
		.bytes_out = conn->bytes_out,
		.service = conn->service,
		.server = conn->hold.server,
	};
}

bool proxy_conn_is_local_to(const struct conn *conn, const struct ip *address)
{
	static const uint8_t any[16];
	struct endpoint local;

	if (memcmp(conn->address.bytes, any, sizeof any) != 0)
		return ip_equal(&conn->address, address);
	local = proxy_local(conn);
	return ip_equal(&local.ip, address);
}
