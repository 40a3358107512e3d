/* SPDX-License-Identifier: MIT */
#include "lbd/forward.h"

#include "common/pure/hash.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/entry.h"
#include "lbd/proxy.h"

#include <errno.h>
#include <sys/socket.h>

/* Connections that are accepted in one go, after which those that are open have their turn. */
#define ACCEPTS_A_TURN 64
/* How long no connections are accepted after resources have run out, and how often that is logged. */
#define PAUSE_NS (100 * NS_PER_MS)
#define PAUSE_LOG_NS (10 * NS_PER_S)

/* A worker's half. */
struct forward {
	struct proxy proxy;
};

/* The process's part: listeners for all workers, open before any of them runs. */

static int proxy_open(const struct conf *conf, unsigned workers, struct forward_entry **ret_entry, struct text *errors)
{
	return entry_open(&forward_proxy_tcp, conf, workers, ret_entry, errors);
}

/* Accepting. */

static void on_listener(struct loop_io *io, unsigned events);

static void listeners_watch(struct proxy *proxy)
{
	for (size_t i = 0; i < proxy->listener_count; i++) {
		struct proxy_listener *listener = &proxy->listeners[i];

		if (listener->fd < 0 || listener->io.added || !list_is_empty(&listener->held))
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

	if (proxy->accepts_paused)
		return;
	counter_add(&proxy->env.counters->accepts_paused, 1);
	log_pause(proxy, error);
	/* Without memory for the timer it is not paused; the listeners are asked again in each round then. */
	if (loop_timer_set(proxy->env.loop, &proxy->accept_timer, until, on_pause_over) < 0)
		return;
	proxy->accepts_paused = true;
	for (size_t i = 0; i < proxy->listener_count; i++)
		loop_io_remove(proxy->env.loop, &proxy->listeners[i].io);
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

static void on_listener(struct loop_io *io, unsigned events)
{
	struct proxy_listener *listener = CONTAINER_OF(io, struct proxy_listener, io);

	(void)events;
	for (unsigned i = 0; i < ACCEPTS_A_TURN && accept_one(listener); i++)
		continue;
}

/* What stands in the queue has been promised a connection: closing the listener would reset it. */
static void listener_finish(struct proxy_listener *listener)
{
	for (unsigned i = 0; i < UINT16_MAX && accept_one(listener); i++)
		continue;
	list_remove(&listener->held);
	loop_io_remove(listener->proxy->env.loop, &listener->io);
	fd_close(&listener->fd);
}

/* There may be room. Each tries at once: room that one does not need is then told on. */
static void listeners_release(struct proxy *proxy)
{
	struct list held;

	list_take_all(&proxy->held, &held);
	while (!list_is_empty(&held)) {
		struct proxy_listener *listener = LIST_ENTRY(held.next, struct proxy_listener, held);

		list_remove(&listener->held);
		on_listener(&listener->io, LOOP_READ);
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

/* The row of the table. */

static void proxy_stop(struct forward *forward)
{
	struct proxy *proxy = &forward->proxy;
	struct conn *conn;

	LIST_FOR_EACH(conn, &proxy->open, link)
	proxy_conn_reset(conn, END_SHUTDOWN);
	for (size_t i = 0; i < proxy->listener_count; i++) {
		loop_io_remove(proxy->env.loop, &proxy->listeners[i].io);
		fd_close(&proxy->listeners[i].fd);
	}
	loop_timer_clear(proxy->env.loop, &proxy->busy_timer);
	loop_timer_clear(proxy->env.loop, &proxy->accept_timer);
	free(proxy->listeners);
	picker_free(proxy->picker);
	admission_free(&proxy->admission);
	proxy_queues_free(&proxy->queues);
	store_free(&proxy->store);
	slab_free(&proxy->conns);
	free(forward);
}

static int take_listeners(struct proxy *proxy, struct forward_entry *entry)
{
	proxy->listeners = calloc(MAX(entry->count, (size_t)1), sizeof *proxy->listeners);
	if (proxy->listeners == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < entry->count; i++) {
		proxy->listeners[i] = (struct proxy_listener){
			.proxy = proxy,
			.fd = fd_take(&entry->listeners[i].fds[proxy->env.worker]),
			.service = entry->listeners[i].service,
			.address = entry->listeners[i].address,
		};
		list_init(&proxy->listeners[i].held);
	}
	proxy->listener_count = entry->count;
	listeners_watch(proxy);
	return 0;
}

static int proxy_start(struct forward_entry *entry, const struct forward_env *env, const struct snapshot *snapshot,
	struct forward **ret_forward)
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
	list_init(&proxy->open);
	list_init(&proxy->busy);
	list_init(&proxy->held);
	slab_init(&proxy->conns, sizeof(struct conn));
	wheel_init(&proxy->wheel, loop_now(env->loop));
	proxy_queues_init(&proxy->queues, env->board, env->worker);
	r = picker_new(env->worker, env->board, &proxy->picker);
	if (r == 0)
		r = picker_update(proxy->picker, snapshot);
	if (r == 0)
		r = admission_init(&proxy->admission, env->sources);
	if (r == 0)
		r = proxy_queues_reserve(&proxy->queues, snapshot->pool_count);
	if (r == 0)
		r = take_listeners(proxy, entry);
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

	/* Those that wait to be accepted are to be reset, too. */
	for (size_t i = 0; proxy->snapshot->yield_count > 0 && i < proxy->listener_count; i++) {
		if (proxy->listeners[i].io.added)
			on_listener(&proxy->listeners[i].io, LOOP_READ);
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

static void proxy_apply(struct forward *forward, const struct snapshot *snapshot)
{
	struct proxy *proxy = &forward->proxy;

	proxy->snapshot = snapshot;
	if (picker_update(proxy->picker, snapshot) < 0 ||
		proxy_queues_reserve(&proxy->queues, snapshot->pool_count) < 0)
		log_error("out of memory, some pools are not balanced or have no queue",
			log_uint("worker", proxy->env.worker));
	carry_out_yields(proxy);
	for (size_t i = 0; !snapshot->accepting && i < proxy->listener_count; i++) {
		if (proxy->listeners[i].fd >= 0)
			listener_finish(&proxy->listeners[i]);
	}
}

static void proxy_woken(struct forward *forward)
{
	proxy_conn_serve_queues(&forward->proxy);
	if (!list_is_empty(&forward->proxy.held))
		listeners_release(&forward->proxy);
}

static void proxy_tick(struct forward *forward, struct mono now)
{
	struct proxy *proxy = &forward->proxy;

	wheel_advance(&proxy->wheel, now, proxy_conn_on_time, proxy);
	if (!list_is_empty(&proxy->busy) && !loop_timer_is_set(&proxy->busy_timer))
		on_busy(&proxy->busy_timer, now);
}

static size_t proxy_open_connections(const struct forward *forward)
{
	return forward->proxy.open_count;
}

const struct forward_ops forward_proxy_tcp = {
	.name = "proxy/tcp",
	.protocol = SERVICE_PROTOCOL_TCP,
	.mode = SERVICE_MODE_PROXY,
	.open = proxy_open,
	.close = entry_close,
	.start = proxy_start,
	.stop = proxy_stop,
	.apply = proxy_apply,
	.woken = proxy_woken,
	.tick = proxy_tick,
	.open_connections = proxy_open_connections,
};
