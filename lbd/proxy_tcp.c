/* SPDX-License-Identifier: MIT */
#include "lbd/forward.h"

#include "common/pure/hash.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/listener.h"
#include "lbd/proxy.h"

#include <errno.h>
#include <sys/socket.h>

/* Connections that are accepted in one go, after which those that are open have their turn. */
#define ACCEPTS_A_TURN 64
#define TURNS_A_TRIAL 8
/* How long no connections are accepted after resources have run out, and how often that is logged. */
#define PAUSE_NS (100 * NS_PER_MS)
#define PAUSE_LOG_NS (10 * NS_PER_S)

/* A worker's half. */
struct forward {
	struct proxy proxy;
};

/* Accepting. */

static void on_listener(struct loop_io *io, unsigned events);

static void listeners_watch(struct proxy *proxy)
{
	struct proxy_listener *listener;

	LIST_FOR_EACH(listener, &proxy->listeners, link)
	{
		if (listener->io.added || !list_is_empty(&listener->held))
			continue;
		if (loop_io_add(proxy->env.loop, &listener->io, listener->fd, LOOP_READ, on_listener) < 0)
			proxy_exhausted(proxy, -ENOMEM);
	}
}

static void on_pause_over(struct loop_timer *timer, struct mono now)
{
	struct proxy *proxy = CONTAINER_OF(timer, struct proxy, accept_timer);

	(void)now;
	proxy->accepts_paused = false;
	proxy_conn_feed(proxy);
	if (!proxy->accepts_paused)
		listeners_watch(proxy);
}

static void log_pause(struct proxy *proxy, int error)
{
	struct mono now = loop_now(proxy->env.loop);

	if (mono_diff(now, proxy->pause_logged_at) < PAUSE_LOG_NS)
		return;
	proxy->pause_logged_at = now;
	log_warning("out of resources, accepting connections more slowly", log_errno(error),
		log_uint("worker", proxy->env.worker), log_uint("open", proxy->open_count),
		log_uint("times", counter_read(&proxy->env.counters->accepts_paused)));
}

void proxy_exhausted(struct proxy *proxy, int error)
{
	struct mono until = mono_add(loop_now(proxy->env.loop), PAUSE_NS);
	struct proxy_listener *listener;

	if (proxy->accepts_paused)
		return;
	counter_add(&proxy->env.counters->accepts_paused, 1);
	log_pause(proxy, error);
	/* Without memory for the timer it is not paused; the listeners are asked again in each round then. */
	if (loop_timer_set(proxy->env.loop, &proxy->accept_timer, until, on_pause_over) < 0)
		return;
	proxy->accepts_paused = true;
	LIST_FOR_EACH(listener, &proxy->listeners, link)
	loop_io_remove(proxy->env.loop, &listener->io);
}

/* False: there is no room, and until there is, the listener's queue holds what comes. */
static bool listener_enter(struct proxy_listener *listener, struct gates_pass *ret_pass)
{
	struct proxy *proxy = listener->proxy;
	struct board *board = proxy->env.board;
	struct board_gate *shut = gates_enter(board, proxy->snapshot, listener->service, ret_pass);

	/* The word of room may have come before it was asked for. */
	while (shut != NULL && board_wait(shut, proxy->env.worker))
		shut = gates_enter(board, proxy->snapshot, listener->service, ret_pass);
	if (shut == NULL)
		return true;
	loop_io_remove(proxy->env.loop, &listener->io);
	list_remove(&listener->held);
	list_append(&proxy->held, &listener->held);
	return false;
}

static bool accept_failed(struct proxy_listener *listener, int error, const struct gates_pass *pass)
{
	gates_leave(listener->proxy->env.board, listener->service, pass);
	if (error == EAGAIN)
		return false;
	if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM)
		return true;
	proxy_exhausted(listener->proxy, -error);
	return false;
}

/* True: another accept may follow. accept(2): errors of the network are the next connection's, not the listener's. */
static bool accept_one(struct proxy_listener *listener)
{
	struct proxy *proxy = listener->proxy;
	struct proxy_client client;
	socklen_t size = sizeof client.peer;

	if (!listener_enter(listener, &client.pass))
		return false;
	client.fd = accept4(listener->fd, (struct sockaddr *)&client.peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client.fd >= 0) {
		proxy_conn_open(proxy, listener, &client);
		return !proxy->accepts_paused;
	}
	return accept_failed(listener, errno, &client.pass);
}

static void accept_waiting(struct proxy_listener *listener)
{
	for (unsigned i = 0; i < ACCEPTS_A_TURN && accept_one(listener); i++)
		continue;
}

/*
 * Where connections come one by one, as they do to a listener of many, an accept that finds nothing would follow each.
 * What is left waiting is reported again by the next round.
 */
static void on_listener(struct loop_io *io, unsigned events)
{
	struct proxy_listener *listener = CONTAINER_OF(io, struct proxy_listener, io);
	unsigned wanted = MAX(listener->burst, 1u), count = 0;

	(void)events;
	/* Now and then more are tried than came lately. */
	if (++listener->turns % TURNS_A_TRIAL == 0)
		wanted = MIN(2 * wanted, (unsigned)ACCEPTS_A_TURN);
	while (count < wanted && accept_one(listener))
		count++;
	listener->burst = (uint8_t)count;
}

static void listener_close(struct proxy_listener *listener)
{
	list_remove(&listener->held);
	list_remove(&listener->link);
	loop_io_remove(listener->proxy->env.loop, &listener->io);
	fd_close(&listener->fd);
	free(listener);
}

/* What stands in the queue has been promised a connection: closing the listener would reset it. */
static void listener_finish(struct proxy_listener *listener)
{
	for (unsigned i = 0; i < UINT16_MAX && accept_one(listener); i++)
		continue;
	listener_close(listener);
}

static void finish_all(struct proxy *proxy)
{
	struct proxy_listener *listener;

	LIST_FOR_EACH(listener, &proxy->listeners, link)
	listener_finish(listener);
}

static void listener_change(struct proxy_listener *listener, const struct entry_listener *wanted)
{
	listener->service = wanted->service;
	if (listener->fast_open != wanted->fast_open)
		listener_set_fast(listener->fd, wanted->fast_open);
	listener->fast_open = wanted->fast_open;
}

static int listener_open_here(struct proxy *proxy, const struct entry_listener *from)
{
	struct proxy_listener *listener = calloc(1, sizeof *listener);

	if (listener == NULL)
		return -ENOMEM;
	*listener = (struct proxy_listener){
		.proxy = proxy,
		.number = from->socket->number,
		.fd = fd_take(&from->socket->parts[proxy->env.worker].fd),
		.service = from->service,
		.address = from->socket->endpoint.ip,
	};
	listener_change(listener, from);
	list_init(&listener->held);
	list_append(&proxy->listeners, &listener->link);
	return 0;
}

/* Those before `number` have gone. Returns the one of that number, or NULL. */
static struct proxy_listener *advance(struct proxy *proxy, struct list **at, uint64_t number)
{
	while (*at != &proxy->listeners) {
		struct proxy_listener *listener = LIST_ENTRY(*at, struct proxy_listener, link);

		if (listener->number > number)
			return NULL;
		*at = (*at)->next;
		if (listener->number == number)
			return listener;
		listener_finish(listener);
	}
	return NULL;
}

/* Both are in the order of their numbers, and new ones come last. -ENOMEM: to be tried again. */
static int follow(struct proxy *proxy, const struct entry *entry)
{
	struct list *at = proxy->listeners.next;
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->count; i++) {
		const struct entry_listener *wanted = &entry->listeners[i];
		struct proxy_listener *listener;

		if (wanted->socket->protocol != SERVICE_PROTOCOL_TCP)
			continue;
		listener = advance(proxy, &at, wanted->socket->number);
		if (listener != NULL)
			listener_change(listener, wanted);
		else
			r = listener_open_here(proxy, wanted);
	}
	if (r == 0)
		(void)advance(proxy, &at, UINT64_MAX);
	return r;
}

static int listeners_follow(struct proxy *proxy)
{
	const struct entry *entry = proxy->snapshot->entry;
	int r;

	if (proxy->entry == entry)
		return 0;
	r = follow(proxy, entry);
	proxy->entry = r == 0 ? entry : NULL;
	if (!proxy->accepts_paused)
		listeners_watch(proxy);
	return r;
}

/* There may be room. Each tries at once: room that one does not need is then told on. */
static void listeners_release(struct proxy *proxy)
{
	struct list held;

	list_take_all(&proxy->held, &held);
	while (!list_is_empty(&held)) {
		struct proxy_listener *listener = LIST_ENTRY(held.next, struct proxy_listener, held);

		list_remove(&listener->held);
		accept_waiting(listener);
	}
	if (!proxy->accepts_paused)
		listeners_watch(proxy);
}

/* Connections that had more to do than their turn allowed. */

static void on_busy(struct loop_timer *timer, struct mono now)
{
	struct proxy *proxy = CONTAINER_OF(timer, struct proxy, busy_timer);
	struct list due;

	(void)now;
	list_take_all(&proxy->busy, &due);
	while (!list_is_empty(&due))
		proxy_conn_go_on(LIST_ENTRY(due.next, struct conn, busy));
}

void proxy_conn_is_busy(struct proxy *proxy, struct list *link)
{
	list_append(&proxy->busy, link);
	if (loop_timer_is_set(&proxy->busy_timer))
		return;
	if (loop_timer_set(proxy->env.loop, &proxy->busy_timer, loop_now(proxy->env.loop), on_busy) < 0)
		return; /* The next tick sees to it. */
}

static void on_pace(void *owner)
{
	proxy_conn_go_on(owner);
}

/* The row of the table. */

static void proxy_stop(struct forward *forward)
{
	struct proxy *proxy = &forward->proxy;
	struct proxy_listener *listener;
	struct conn *conn;

	LIST_FOR_EACH(conn, &proxy->open, link)
	proxy_conn_reset(conn, END_SHUTDOWN);
	LIST_FOR_EACH(listener, &proxy->listeners, link)
	listener_close(listener);
	loop_timer_clear(proxy->env.loop, &proxy->busy_timer);
	loop_timer_clear(proxy->env.loop, &proxy->accept_timer);
	picker_free(proxy->picker);
	admission_free(&proxy->admission);
	proxy_queues_free(&proxy->queues);
	store_free(&proxy->store);
	slab_free(&proxy->conns);
	proxy_paces_free(&proxy->paces);
	free(forward);
}

static int proxy_start(const struct forward_env *env, const struct snapshot *snapshot, struct forward **ret_forward)
{
	struct forward *forward = calloc(1, sizeof *forward);
	struct proxy *proxy;
	int r;

	if (forward == NULL)
		return -ENOMEM;
	proxy = &forward->proxy;
	proxy->env = *env;
	proxy->snapshot = snapshot;
	/* Workers draw differently. */
	proxy->lots = hash_add(env->worker, (uint64_t)loop_now(env->loop).ns);
	proxy->pause_logged_at = (struct mono){-PAUSE_LOG_NS};
	proxy->reach_logged_at = proxy->pause_logged_at;
	list_init(&proxy->open);
	list_init(&proxy->busy);
	list_init(&proxy->held);
	list_init(&proxy->starving);
	list_init(&proxy->listeners);
	slab_init(&proxy->conns, sizeof(struct conn));
	wheel_init(&proxy->wheel, loop_now(env->loop));
	proxy_paces_init(&proxy->paces, on_pace, loop_now(env->loop));
	proxy_queues_init(&proxy->queues, env->board, env->worker);
	r = picker_new(env->worker, env->board, &proxy->picker);
	if (r == 0)
		r = picker_update(proxy->picker, snapshot);
	if (r == 0)
		r = admission_init(&proxy->admission, env->sources);
	if (r == 0)
		r = proxy_queues_reserve(&proxy->queues, snapshot->pool_count);
	if (r == 0)
		r = listeners_follow(proxy);
	if (r < 0)
		proxy_stop(forward);
	else
		*ret_forward = forward;
	return r;
}

static void reset_local(struct proxy *proxy, const struct ip *address)
{
	struct conn *conn;
	uint64_t count = 0;

	LIST_FOR_EACH(conn, &proxy->open, link)
	{
		if (!proxy_conn_is_local_to(conn, address))
			continue;
		proxy_conn_reset(conn, END_VIP_LEFT);
		count++;
	}
	if (count > 0)
		log_info("address given up, connections reset", log_ip("address", address),
			log_uint("connections", count), log_uint("worker", proxy->env.worker));
}

static void carry_out_yields(struct proxy *proxy)
{
	uint64_t seen = proxy->yields_seen;
	struct proxy_listener *listener;

	if (proxy->snapshot->yield_count == 0)
		return;
	/* Those that wait to be accepted are to be reset, too. */
	LIST_FOR_EACH(listener, &proxy->listeners, link)
	{
		if (listener->io.added)
			accept_waiting(listener);
	}
	for (size_t i = 0; i < proxy->snapshot->yield_count; i++) {
		const struct snapshot_yield *yield = &proxy->snapshot->yields[i];

		if (yield->revision <= proxy->yields_seen)
			continue;
		reset_local(proxy, &yield->address);
		seen = MAX(seen, yield->revision);
	}
	proxy->yields_seen = seen;
}

static void carry_out_closing(struct proxy *proxy, const struct closing *closing)
{
	struct conn *conn;

	LIST_FOR_EACH(conn, &proxy->open, link)
	{
		if (conn->hold.server == closing->server)
			proxy_conn_lose_server(conn, closing);
	}
}

static void carry_out_closings(struct proxy *proxy)
{
	uint64_t seen = proxy->closings_seen;

	for (size_t i = 0; i < proxy->snapshot->closing_count; i++) {
		const struct closing *closing = &proxy->snapshot->closings[i];

		if (closing->pace == 0 && closing->revision > proxy->closings_seen)
			carry_out_closing(proxy, closing);
		seen = MAX(seen, closing->revision);
	}
	proxy->closings_seen = seen;
}

/* What may be closed now; the oldest first. */
static void close_at_pace(struct proxy *proxy, const struct closing *closing)
{
	struct board_server *server = board_server(proxy->env.board, closing->server);
	struct conn *conn;

	if (counter_read(&counters_server(proxy->env.counters, closing->server)->connections) == 0)
		return;
	LIST_FOR_EACH(conn, &proxy->open, link)
	{
		if (conn->hold.server != closing->server)
			continue;
		if (!board_take_closable(server))
			return;
		proxy_conn_lose_server(conn, closing);
	}
}

static void count_late(struct proxy *proxy)
{
	struct conn *conn;

	LIST_FOR_EACH(conn, &proxy->open, link)
	proxy_conn_count_late(conn);
}

static void proxy_apply(struct forward *forward, const struct snapshot *snapshot)
{
	struct proxy *proxy = &forward->proxy;
	bool changed = proxy->snapshot->conf != snapshot->conf;

	proxy->snapshot = snapshot;
	if (changed)
		count_late(proxy);
	if (picker_update(proxy->picker, snapshot) < 0 ||
		proxy_queues_reserve(&proxy->queues, snapshot->pool_count) < 0)
		log_error("out of memory, some pools are not balanced or have no queue",
			log_uint("worker", proxy->env.worker));
	if (!snapshot->accepting)
		finish_all(proxy);
	else if (listeners_follow(proxy) < 0)
		log_error("out of memory, a listener waits", log_uint("worker", proxy->env.worker));
	carry_out_yields(proxy);
	carry_out_closings(proxy);
}

static void proxy_woken(struct forward *forward)
{
	struct proxy *proxy = &forward->proxy;

	for (size_t i = 0; i < proxy->snapshot->closing_count; i++) {
		if (proxy->snapshot->closings[i].pace > 0)
			close_at_pace(proxy, &proxy->snapshot->closings[i]);
	}
	proxy_conn_serve_queues(proxy);
	if (!list_is_empty(&forward->proxy.held))
		listeners_release(&forward->proxy);
}

static void proxy_tick(struct forward *forward, struct mono now)
{
	struct proxy *proxy = &forward->proxy;

	wheel_advance(&proxy->wheel, now, proxy_conn_on_time, proxy);
	proxy_paces_advance(&proxy->paces, now);
	if (!list_is_empty(&proxy->busy) && !loop_timer_is_set(&proxy->busy_timer))
		on_busy(&proxy->busy_timer, now);
	if (!list_is_empty(&proxy->starving) && !proxy->accepts_paused)
		proxy_conn_feed(proxy);
	if (proxy->entry == NULL && proxy->snapshot->accepting)
		(void)listeners_follow(proxy);
}

static size_t proxy_open_connections(const struct forward *forward)
{
	return forward->proxy.open_count;
}

static void proxy_census(const struct forward *forward, struct census_page *page)
{
	census_fill(page, &forward->proxy.conns, &forward->proxy, proxy_conn_describe);
}

const struct forward_ops forward_proxy_tcp = {
	.name = "proxy/tcp",
	.protocol = SERVICE_PROTOCOL_TCP,
	.mode = SERVICE_MODE_PROXY,
	.start = proxy_start,
	.stop = proxy_stop,
	.apply = proxy_apply,
	.woken = proxy_woken,
	.tick = proxy_tick,
	.open_connections = proxy_open_connections,
	.census = proxy_census,
};
