/* SPDX-License-Identifier: MIT */
#include "lbd/forward.h"

#include "common/pure/hash.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/entry.h"
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

static int udp_open(const struct conf *conf, unsigned workers, struct forward_entry **ret_entry, struct text *errors)
{
	return entry_open(&forward_proxy_udp, conf, workers, ret_entry, errors);
}

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
		return udp->snapshot->accepting ? udp_session_open(listener, &key, datagram) : NULL;
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

/* The row of the table. */

static void end_all(struct udp *udp)
{
	struct udp_entry *entry;

	while (udp->listener_count > 0 && (entry = udp_table_oldest(&udp->table)) != NULL)
		udp_session_end(CONTAINER_OF(entry, struct udp_session, entry), END_SHUTDOWN);
}

static void udp_stop(struct forward *forward)
{
	struct udp *udp = &forward->udp;

	udp_answers_send(udp);
	end_all(udp);
	for (size_t i = 0; i < udp->listener_count; i++) {
		loop_io_remove(udp->env.loop, &udp->listeners[i].io);
		fd_close(&udp->listeners[i].fd);
	}
	loop_timer_clear(udp->env.loop, &udp->answer_timer);
	free(udp->listeners);
	picker_free(udp->picker);
	admission_free(&udp->admission);
	udp_batch_free(udp->requests);
	udp_batch_free(udp->answers);
	udp_table_free(&udp->table);
	slab_free(&udp->sessions);
	free(forward);
}

static int take_listeners(struct udp *udp, struct forward_entry *entry)
{
	int r = 0;

	udp->listeners = calloc(MAX(entry->count, (size_t)1), sizeof *udp->listeners);
	if (udp->listeners == NULL)
		return -ENOMEM;
	udp->listener_count = entry->count;
	for (size_t i = 0; i < entry->count; i++) {
		struct udp_listener *listener = &udp->listeners[i];

		*listener = (struct udp_listener){
			.udp = udp,
			.fd = fd_take(&entry->listeners[i].fds[udp->env.worker]),
			.service = entry->listeners[i].service,
			.address = entry->listeners[i].address,
			.answer_group = UDP_NO_GROUP,
		};
		udp_join(listener->fd);
		if (r == 0)
			r = loop_io_add(udp->env.loop, &listener->io, listener->fd, LOOP_READ, on_listener);
	}
	return r;
}

static size_t session_limit(unsigned workers)
{
	struct rlimit limit = {.rlim_cur = SESSIONS_MAX};
	size_t most;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	most = (size_t)MIN(limit.rlim_cur, (rlim_t)SESSIONS_MAX) * (FDS_OF - FDS_LEFT) / FDS_OF / workers;
	return MAX(most, (size_t)SESSIONS_MIN);
}

static int prepare(struct udp *udp, struct forward_entry *entry)
{
	int r = udp_table_init(&udp->table, session_limit(entry->workers));

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
	if (r == 0)
		r = take_listeners(udp, entry);
	return r;
}

static int udp_start(struct forward_entry *entry, const struct forward_env *env, const struct snapshot *snapshot,
	struct forward **ret_forward)
{
	struct forward *forward = calloc(1, sizeof *forward);
	struct udp *udp;
	int r = 0;

	if (forward == NULL)
		return -ENOMEM;
	udp = &forward->udp;
	udp->env = *env;
	udp->snapshot = snapshot;
	/* Workers draw differently. */
	udp->lots = hash_add(env->worker, (uint64_t)loop_now(env->loop).ns);
	udp->pressure_logged_at = (struct mono){INT64_MIN / 2};
	slab_init(&udp->sessions, sizeof(struct udp_session));
	wheel_init(&udp->wheel, loop_now(env->loop));
	if (entry->count > 0)
		r = prepare(udp, entry);
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

/*
 * A worker that accepts no more keeps its listeners as long as it lives: they are where the datagrams of its sessions
 * come in, and with one gone the kernel would deal the others' clients out anew.
 */
static void udp_apply(struct forward *forward, const struct snapshot *snapshot)
{
	struct udp *udp = &forward->udp;

	udp->snapshot = snapshot;
	if (udp->listener_count == 0)
		return;
	if (picker_update(udp->picker, snapshot) < 0)
		log_error("out of memory, some pools are not balanced", log_uint("worker", udp->env.worker));
	carry_out_yields(udp);
}

static void udp_tick(struct forward *forward, struct mono now)
{
	struct udp *udp = &forward->udp;

	if (udp->listener_count == 0)
		return;
	wheel_advance(&udp->wheel, now, udp_session_on_time, udp);
	if (mono_diff(now, udp->drops_read_at) < DROPS_NS)
		return;
	udp->drops_read_at = now;
	for (size_t i = 0; i < udp->listener_count; i++)
		read_drops(&udp->listeners[i]);
}

static size_t udp_open_connections(const struct forward *forward)
{
	return forward->udp.table.count;
}

const struct forward_ops forward_proxy_udp = {
	.name = "proxy/udp",
	.protocol = SERVICE_PROTOCOL_UDP,
	.mode = SERVICE_MODE_PROXY,
	.open = udp_open,
	.close = entry_close,
	.start = udp_start,
	.stop = udp_stop,
	.apply = udp_apply,
	.tick = udp_tick,
	.open_connections = udp_open_connections,
};
