/* SPDX-License-Identifier: MIT */
#include "lbd/forward.h"

#include "common/pure/hash.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/udp.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* How often the kernel is asked what it has dropped. */
#define DROPS_NS NS_PER_S
/* Each session takes a descriptor; of all that may be open so many in four are left to everything else. */
#define FDS_LEFT 1
#define FDS_OF 4
#define SESSIONS_MIN 16
/* More than a host has ports to connect from. */
#define SESSIONS_MAX 65536

/* A worker's half. */
struct forward {
	struct udp udp;
};

/* Receiving. */

static void note_dropped(struct udp_listener *listener, const struct udp_datagram *datagram)
{
	counter_add(&udp_counters(listener)->datagrams_dropped, udp_datagram_count(datagram));
}

/* NULL: the datagram is not to be passed on. */
static struct udp_session *session_of(struct udp_listener *listener, struct udp_datagram *datagram)
{
	struct udp *udp = listener->udp;
	struct udp_entry *entry;
	struct udp_key key;

	udp_session_key(listener, datagram, &key);
	entry = udp_table_find(&udp->table, &key);
	if (entry == NULL)
		return udp->snapshot->accepting && !listener->leaving ? udp_session_open(listener, &key, datagram)
								      : NULL;
	udp_table_touch(&udp->table, entry);
	return CONTAINER_OF(entry, struct udp_session, entry);
}

static void sort(struct udp_listener *listener, uint8_t place, struct udp_groups *groups)
{
	struct udp_datagram *datagram = udp_batch_at(listener->udp->requests, place);
	struct udp_session *session = session_of(listener, datagram);

	if (session == NULL) {
		note_dropped(listener, datagram);
		return;
	}
	/* At once, so that a session with datagrams in this batch is not taken for a resting one. */
	udp_life_request(&session->life, udp_datagram_count(datagram), loop_now(listener->udp->env.loop));
	/* From here on it is for the server that the session's socket is connected to. */
	datagram->peer_size = 0;
	datagram->local = (struct ip){0};
	udp_groups_add(groups, place, session, &session->request_group);
}

static void on_listener(struct loop_io *io, unsigned events)
{
	struct udp_listener *listener = CONTAINER_OF(io, struct udp_listener, io);
	int count = udp_batch_receive(listener->udp->requests, listener->fd, 0, UDP_BATCH, true);
	struct udp_groups groups;
	uint8_t places[UDP_BATCH];

	(void)events;
	groups.count = 0;
	for (int i = 0; i < count; i++)
		sort(listener, (uint8_t)i, &groups);
	for (uint8_t i = 0; i < groups.count; i++)
		udp_session_send(groups.list[i].owner, places, udp_groups_list(&groups, i, places));
}

static void read_drops(struct udp_listener *listener)
{
	uint32_t drops = udp_drops(listener->fd);

	counter_add(&udp_counters(listener)->datagrams_dropped, drops - listener->drops_seen);
	listener->drops_seen = drops;
}

/* Listeners. */

/* It has no sessions any more. */
static void listener_close(struct udp_listener *listener)
{
	struct udp *udp = listener->udp;

	udp_answers_send(udp);
	list_remove(&listener->link);
	loop_io_remove(udp->env.loop, &listener->io);
	fd_close(&listener->fd);
	entry_socket_unref(listener->socket);
	free(listener);
}

static int listener_open_here(struct udp *udp, const struct entry_listener *from)
{
	struct udp_listener *listener = calloc(1, sizeof *listener);
	int *fd = &from->socket->parts[udp->env.worker].fd;

	if (listener == NULL)
		return -ENOMEM;
	*listener = (struct udp_listener){
		.udp = udp,
		.fd = *fd,
		.service = from->service,
		.leaving = from->leaving,
		.address = from->socket->endpoint.ip,
		.answer_group = UDP_NO_GROUP,
	};
	udp_join(listener->fd);
	if (loop_io_add(udp->env.loop, &listener->io, listener->fd, LOOP_READ, on_listener) < 0) {
		free(listener);
		return -ENOMEM;
	}
	*fd = -1;
	listener->socket = entry_socket_ref(from->socket);
	list_append(&udp->listeners, &listener->link);
	return 0;
}

/* Those before `number` have gone. Returns the one of that number, or NULL. */
static struct udp_listener *advance(struct udp *udp, struct list **at, uint64_t number)
{
	while (*at != &udp->listeners) {
		struct udp_listener *listener = LIST_ENTRY(*at, struct udp_listener, link);

		if (listener->socket->number > number)
			return NULL;
		*at = (*at)->next;
		if (listener->socket->number == number)
			return listener;
		listener_close(listener);
	}
	return NULL;
}

/* Both are in the order of their numbers, and new ones come last. -ENOMEM: to be tried again. */
static int follow(struct udp *udp, const struct entry *entry)
{
	struct list *at = udp->listeners.next;
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->count; i++) {
		const struct entry_listener *wanted = &entry->listeners[i];
		struct udp_listener *listener;

		if (wanted->socket->protocol != SERVICE_PROTOCOL_UDP)
			continue;
		listener = advance(udp, &at, wanted->socket->number);
		if (listener == NULL) {
			r = listener_open_here(udp, wanted);
			continue;
		}
		listener->service = wanted->service;
		listener->leaving = wanted->leaving;
	}
	if (r == 0)
		(void)advance(udp, &at, UINT64_MAX);
	return r;
}

/* The row of the table. */

static void end_all(struct udp *udp)
{
	struct udp_entry *entry;

	while (udp->ready && (entry = udp_table_oldest(&udp->table)) != NULL)
		udp_session_end(CONTAINER_OF(entry, struct udp_session, entry), END_SHUTDOWN);
}

static void drop(struct udp *udp)
{
	picker_free(udp->picker);
	admission_free(&udp->admission);
	udp_batch_free(udp->requests);
	udp_batch_free(udp->answers);
	udp_table_free(&udp->table);
	udp->picker = NULL;
	udp->requests = udp->answers = NULL;
	udp->table = (struct udp_table){0};
	udp->admission = (struct admission){0};
}

static void udp_stop(struct forward *forward)
{
	struct udp *udp = &forward->udp;
	struct udp_listener *listener;

	udp_answers_send(udp);
	end_all(udp);
	LIST_FOR_EACH(listener, &udp->listeners, link)
	listener_close(listener);
	loop_timer_clear(udp->env.loop, &udp->answer_timer);
	drop(udp);
	slab_free(&udp->sessions);
	free(forward);
}

static size_t session_limit(unsigned workers)
{
	struct rlimit limit = {.rlim_cur = SESSIONS_MAX};
	size_t most;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	most = (size_t)MIN(limit.rlim_cur, (rlim_t)SESSIONS_MAX) * (FDS_OF - FDS_LEFT) / FDS_OF / workers;
	return MAX(most, (size_t)SESSIONS_MIN);
}

static int prepare(struct udp *udp)
{
	int r = udp_table_init(&udp->table, session_limit(udp->env.workers));

	wheel_init(&udp->wheel, loop_now(udp->env.loop));
	if (r == 0)
		r = udp_batch_new(&udp->requests);
	if (r == 0)
		r = udp_batch_new(&udp->answers);
	if (r == 0)
		r = admission_init(&udp->admission, udp->env.sources);
	if (r == 0)
		r = picker_new(udp->env.worker, udp->env.board, &udp->picker);
	if (r == 0)
		r = picker_update(udp->picker, udp->snapshot);
	if (r < 0)
		drop(udp);
	udp->ready = r == 0;
	return r;
}

static bool has_listeners(const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->listeners[i].socket->protocol == SERVICE_PROTOCOL_UDP)
			return true;
	}
	return false;
}

static int listeners_follow(struct udp *udp)
{
	const struct entry *entry = udp->snapshot->entry;
	int r = 0;

	if (udp->entry == entry)
		return 0;
	if (!udp->ready && has_listeners(entry))
		r = prepare(udp);
	if (r == 0)
		r = follow(udp, entry);
	udp->entry = r == 0 ? entry : NULL;
	return r;
}

static int udp_start(const struct forward_env *env, const struct snapshot *snapshot, struct forward **ret_forward)
{
	struct forward *forward = calloc(1, sizeof *forward);
	struct udp *udp;
	int r;

	if (forward == NULL)
		return -ENOMEM;
	udp = &forward->udp;
	udp->env = *env;
	udp->snapshot = snapshot;
	/* Workers draw differently. */
	udp->lots = hash_add(env->worker, (uint64_t)loop_now(env->loop).ns);
	udp->pressure_logged_at = (struct mono){INT64_MIN / 2};
	list_init(&udp->listeners);
	slab_init(&udp->sessions, sizeof(struct udp_session));
	r = listeners_follow(udp);
	if (r < 0)
		udp_stop(forward);
	else
		*ret_forward = forward;
	return r;
}

static void end_local(struct udp *udp, const struct ip *address)
{
	struct udp_entry *entry;
	uint64_t count = 0;

	LIST_FOR_EACH(entry, &udp->table.order, order)
	{
		struct udp_session *session = CONTAINER_OF(entry, struct udp_session, entry);

		if (!udp_session_is_local_to(session, address))
			continue;
		udp_session_end(session, END_VIP_LEFT);
		count++;
	}
	if (count > 0)
		log_info("address given up, UDP sessions ended", log_ip("address", address),
			log_uint("sessions", count), log_uint("worker", udp->env.worker));
}

static void carry_out_yields(struct udp *udp)
{
	uint64_t seen = udp->yields_seen;

	for (size_t i = 0; i < udp->snapshot->yield_count; i++) {
		const struct snapshot_yield *yield = &udp->snapshot->yields[i];

		if (yield->revision <= udp->yields_seen)
			continue;
		end_local(udp, &yield->address);
		seen = MAX(seen, yield->revision);
	}
	udp->yields_seen = seen;
}

/* `all`, or as many as may be closed now. */
static void end_of_server(struct udp *udp, const struct closing *closing, bool all)
{
	struct board_server *server = board_server(udp->env.board, closing->server);
	struct udp_entry *entry;

	LIST_FOR_EACH(entry, &udp->table.order, order)
	{
		struct udp_session *session = CONTAINER_OF(entry, struct udp_session, entry);

		if (session->hold.server != closing->server)
			continue;
		if (!all && !board_take_closable(server))
			return;
		udp_session_end(session, closing->cause);
	}
}

static void carry_out_closings(struct udp *udp)
{
	uint64_t seen = udp->closings_seen;

	for (size_t i = 0; i < udp->snapshot->closing_count; i++) {
		const struct closing *closing = &udp->snapshot->closings[i];

		if (closing->pace == 0 && closing->revision > udp->closings_seen)
			end_of_server(udp, closing, true);
		seen = MAX(seen, closing->revision);
	}
	udp->closings_seen = seen;
}

static void udp_woken(struct forward *forward)
{
	struct udp *udp = &forward->udp;

	for (size_t i = 0; udp->ready && i < udp->snapshot->closing_count; i++) {
		const struct closing *closing = &udp->snapshot->closings[i];

		if (closing->pace > 0 &&
			counter_read(&counters_server(udp->env.counters, closing->server)->connections) > 0)
			end_of_server(udp, closing, false);
	}
}

static void count_late(struct udp *udp)
{
	struct udp_entry *entry;

	LIST_FOR_EACH(entry, &udp->table.order, order)
	udp_session_count_late(CONTAINER_OF(entry, struct udp_session, entry));
}

/*
 * A worker that accepts no more keeps its listeners as long as it lives: they are where the datagrams of its sessions
 * come in, and with one gone the kernel would deal the others' clients out anew.
 */
static void udp_apply(struct forward *forward, const struct snapshot *snapshot)
{
	struct udp *udp = &forward->udp;
	bool changed = udp->snapshot->conf != snapshot->conf;

	udp->snapshot = snapshot;
	if (changed && udp->ready)
		count_late(udp);
	if (udp->ready && picker_update(udp->picker, snapshot) < 0)
		log_error("out of memory, some pools are not balanced", log_uint("worker", udp->env.worker));
	if (listeners_follow(udp) < 0)
		log_error("out of memory, a listener waits", log_uint("worker", udp->env.worker));
	if (!udp->ready)
		return;
	carry_out_yields(udp);
	carry_out_closings(udp);
}

static void udp_tick(struct forward *forward, struct mono now)
{
	struct udp *udp = &forward->udp;
	struct udp_listener *listener;

	if (udp->entry == NULL)
		(void)listeners_follow(udp);
	if (!udp->ready)
		return;
	wheel_advance(&udp->wheel, now, udp_session_on_time, udp);
	if (mono_diff(now, udp->drops_read_at) < DROPS_NS)
		return;
	udp->drops_read_at = now;
	LIST_FOR_EACH(listener, &udp->listeners, link)
	read_drops(listener);
}

static size_t udp_open_connections(const struct forward *forward)
{
	return forward->udp.table.count;
}

static void udp_census(const struct forward *forward, struct census_page *page)
{
	census_fill(page, &forward->udp.sessions, &forward->udp, udp_session_describe);
}

const struct forward_ops forward_proxy_udp = {
	.name = "proxy/udp",
	.protocol = SERVICE_PROTOCOL_UDP,
	.mode = SERVICE_MODE_PROXY,
	.start = udp_start,
	.stop = udp_stop,
	.apply = udp_apply,
	.woken = udp_woken,
	.tick = udp_tick,
	.open_connections = udp_open_connections,
	.census = udp_census,
};
