/* SPDX-License-Identifier: MIT */
#include "lbd/udp.h"

#include "common/pure/hash.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "lbd/dial.h"
#include "lbd/life.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* What an idle session costs in user memory. */
static_assert(sizeof(struct udp_session) <= 384, "a session has grown");

#define PRESSURE_LOG_NS (10 * NS_PER_S)

static const struct snapshot_service *session_service(const struct udp_session *session)
{
	return &session->udp->snapshot->services[session->service];
}

static struct server_counters *session_server_counters(const struct udp_session *session)
{
	return counters_server(session->udp->env.counters, session->hold.server);
}

static struct service_counters *session_counters(const struct udp_session *session)
{
	return counters_service(session->udp->env.counters, session->service);
}

static struct mono session_now(const struct udp_session *session)
{
	return loop_now(session->udp->env.loop);
}

static void session_drop(const struct udp_session *session, struct udp_batch *batch, uint8_t place)
{
	counter_add(&session_counters(session)->datagrams_dropped, udp_datagram_count(udp_batch_at(batch, place)));
}

/* Keys. */

void udp_session_key(const struct udp_listener *listener, const struct udp_datagram *datagram, struct udp_key *ret_key)
{
	const struct ip *local = datagram->local.family != 0 ? &datagram->local : &listener->address;

	*ret_key = (struct udp_key){.listener = (uint32_t)listener->socket->number};
	memcpy(ret_key->local, local->bytes, sizeof ret_key->local);
	if (datagram->peer.any.sa_family == AF_INET6) {
		memcpy(ret_key->client, &datagram->peer.v6.sin6_addr, sizeof datagram->peer.v6.sin6_addr);
		ret_key->port = datagram->peer.v6.sin6_port;
		ret_key->scope = datagram->peer.v6.sin6_scope_id;
	} else {
		memcpy(ret_key->client, &datagram->peer.v4.sin_addr, sizeof datagram->peer.v4.sin_addr);
		ret_key->port = datagram->peer.v4.sin_port;
	}
}

static struct ip key_client(const struct udp_key *key, const struct udp_listener *listener)
{
	struct ip ip = {.family = listener->address.family};

	static_assert(sizeof ip.bytes == sizeof key->client, "an address of another size");
	memcpy(ip.bytes, key->client, sizeof ip.bytes);
	return ip;
}

bool udp_session_is_local_to(const struct udp_session *session, const struct ip *address)
{
	return session->listener->address.family == address->family &&
	       memcmp(session->entry.key.local, address->bytes, sizeof address->bytes) == 0;
}

/* Ending. */

static void session_leave_server(struct udp_session *session)
{
	int fd = session->io.fd;

	if (session->io.added) {
		/* A few answers cannot be too many for a socket, and short sessions are to stay cheap. */
		if (session_service(session)->udp.answers == 0)
			counter_add(&session_counters(session)->datagrams_dropped, udp_drops(fd));
		loop_io_forget(session->udp->env.loop, &session->io);
		close(fd);
	}
	if (session->hold.server == UDP_NO_SERVER)
		return;
	picker_leave(session->udp->picker, session->udp->snapshot, &session->hold);
	/* Last: the server's slot may be given away then. */
	counter_subtract(&session_server_counters(session)->connections, 1);
	session->hold.server = UDP_NO_SERVER;
}

static struct endpoint session_client(const struct udp_session *session)
{
	struct sockaddr_storage peer = {0};
	struct endpoint client = {0};

	memcpy(&peer, &session->client, sizeof session->client);
	(void)!endpoint_from_sockaddr(&peer, &client);
	return client;
}

static void leave_record(const struct udp_session *session, enum end_cause cause)
{
	const struct snapshot *snapshot = session->udp->snapshot;
	struct record *record = record_ring_claim(session->udp->env.records);

	if (record == NULL)
		return;
	record->client = session_client(session);
	record->cause = cause;
	record->bytes_in = session->bytes_in;
	record->bytes_out = session->bytes_out;
	record->connect_ns = -1;
	record->duration_ns = mono_diff(session_now(session), session->began);
	record_set_names(record, session_service(session)->name,
		session->last_server != UDP_NO_SERVER ? snapshot->servers[session->last_server].name : NULL);
	record_ring_push(session->udp->env.records);
}

static struct endpoint session_local(const struct udp_session *session)
{
	struct endpoint local = session->listener->socket->endpoint;

	memcpy(local.ip.bytes, session->entry.key.local, ip_size(&local.ip));
	return local;
}

static_assert(offsetof(struct udp_session, udp) == 0, "a census knows by it which are open");
static_assert(UDP_NO_SERVER == CENSUS_NO_SERVER, "a session without a server is another");

void udp_session_describe(const void *object, struct census_entry *ret_entry)
{
	const struct udp_session *session = object;
	bool has_server = session->hold.server != UDP_NO_SERVER;

	*ret_entry = (struct census_entry){
		.protocol = SERVICE_PROTOCOL_UDP,
		.client = session_client(session),
		.local = session_local(session),
		.state = life_state_name(has_server ? LIFE_OPEN : LIFE_CONNECTING),
		.age_ns = mono_diff(session_now(session), session->began),
		.idle_ns = mono_diff(session_now(session), session->life.active),
		.bytes_in = session->bytes_in,
		.bytes_out = session->bytes_out,
		.service = session->service,
		.server = session->hold.server,
	};
}

void udp_session_end(struct udp_session *session, enum end_cause cause)
{
	struct udp *udp = session->udp;

	if (udp->snapshot->log_connections)
		leave_record(session, cause);
	session_leave_server(session);
	wheel_clear(&session->timer);
	udp_table_remove(&udp->table, &session->entry);
	sources_leave(udp->env.sources, session->counted);
	gates_leave(udp->env.board, session->service, &session->pass);
	counter_add(&session_counters(session)->ended_total[cause], 1);
	counter_subtract(udp_sessions(session->listener), 1);
	/* Last: the service's slot may be given away then. */
	counter_subtract(&session_counters(session)->connections, 1);
	slab_give(&udp->sessions, session);
}

static void session_refuse(struct udp_session *session, enum end_cause cause)
{
	counter_add(&session_counters(session)->refused_total, 1);
	udp_session_end(session, cause);
}

/* The server is of no use. False: the session has ended. */
static bool session_fail(struct udp_session *session, int error)
{
	/* dial.h: it is this host that has not got the source. */
	if (error != -ENXIO)
		counter_add(&session_server_counters(session)->connects_failed, 1);
	if (session->tried_count < UDP_TRIED_MAX)
		session->tried[session->tried_count++] = session->hold.server;
	session_leave_server(session);
	if (udp_life_failed(&session->life))
		return true;
	session_refuse(session, ending_of_connect(error));
	return false;
}

static void session_set_timer(struct udp_session *session)
{
	wheel_set(&session->udp->wheel, &session->timer,
		udp_life_deadline(&session->life, session_service(session)->timeouts.idle_ns));
}

void udp_session_on_time(struct wheel_timer *timer, void *context)
{
	struct udp_session *session = CONTAINER_OF(timer, struct udp_session, timer);
	struct mono deadline = udp_life_deadline(&session->life, session_service(session)->timeouts.idle_ns);

	(void)context;
	/* The deadline has moved on with each datagram, which the wheel was not told of. */
	if (mono_reached(deadline, session_now(session)))
		udp_session_end(session, END_IDLE_TIMEOUT);
	else
		session_set_timer(session);
}

/* Room. */

static void log_pressure(struct udp *udp, const char *what)
{
	struct mono now = loop_now(udp->env.loop);

	if (mono_diff(now, udp->pressure_logged_at) < PRESSURE_LOG_NS)
		return;
	udp->pressure_logged_at = now;
	log_warning("UDP sessions have taken all the room there is: shorten their idle timeout, or raise the limit of "
		    "open files",
		log_str("out_of", what), log_uint("worker", udp->env.worker), log_uint("sessions", udp->table.count));
}

/* The session that rests longest gives way. False: all are at work. */
static bool make_room(struct udp *udp, const char *what)
{
	struct udp_entry *oldest = udp_table_oldest(&udp->table);
	struct udp_session *session;

	log_pressure(udp, what);
	if (oldest == NULL)
		return false;
	session = CONTAINER_OF(oldest, struct udp_session, entry);
	if (!udp_life_is_resting(&session->life, loop_now(udp->env.loop)))
		return false;
	counter_add(&session_counters(session)->sessions_evicted, 1);
	udp_session_end(session, END_EVICTED);
	return true;
}

/* A session that is counted where it has to be; NULL: it is refused for want of room. */
static struct udp_session *take_session(struct udp_listener *listener)
{
	struct udp *udp = listener->udp;
	struct udp_session *session = NULL;
	struct gates_pass pass;

	if (gates_enter(udp->env.board, udp->snapshot, listener->service, &pass) != NULL)
		return NULL;
	if (!udp_table_is_full(&udp->table) || make_room(udp, "sessions"))
		session = slab_take(&udp->sessions);
	if (session != NULL)
		session->pass = pass;
	else
		gates_leave(udp->env.board, listener->service, &pass);
	return session;
}

struct udp_session *udp_session_open(
	struct udp_listener *listener, const struct udp_key *key, const struct udp_datagram *datagram)
{
	struct udp *udp = listener->udp;
	const struct ip from = key_client(key, listener);
	struct udp_session *session = NULL;
	sources_key counted;
	enum end_cause cause = admission_ask(
		&udp->admission, udp->snapshot, listener->service, &from, loop_now(udp->env.loop), &counted);

	if (cause != END_OPEN)
		counter_add(&udp_counters(listener)->ended_total[cause], 1);
	else
		session = take_session(listener);
	if (session == NULL) {
		sources_leave(udp->env.sources, counted);
		counter_add(&udp_counters(listener)->refused_total, 1);
		return NULL;
	}
	session->counted = counted;
	session->udp = udp;
	session->listener = listener;
	session->service = listener->service;
	session->entry.key = *key;
	session->client = datagram->peer;
	session->began = session_now(session);
	session->last_server = UDP_NO_SERVER;
	session->hold.server = UDP_NO_SERVER;
	session->lot = hash_next(&udp->lots);
	session->request_group = UDP_NO_GROUP;
	wheel_timer_init(&session->timer);
	udp_life_begin(&session->life, session_service(session)->retries, session_now(session));
	udp_table_insert(&udp->table, &session->entry);
	session_set_timer(session);
	counter_add(udp_sessions(listener), 1);
	counter_add(&session_counters(session)->connections, 1);
	counter_add(&session_counters(session)->connections_total, 1);
	return session;
}

void udp_session_count_late(struct udp_session *session)
{
	struct udp *udp = session->udp;
	const struct ip from = key_client(&session->entry.key, session->listener);

	gates_enter_late(udp->env.board, udp->snapshot, session->service, &session->pass);
	if (session->hold.server != UDP_NO_SERVER)
		picker_enter_late(udp->snapshot, &session->hold);
	admission_count_late(
		&udp->admission, udp->snapshot, session->service, &from, session_now(session), &session->counted);
}

/* The server. */

static bool is_exhaustion(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM || error == -ENOSPC ||
	       error == -EADDRNOTAVAIL;
}

/* What ICMP, a route or a packet filter here says of the server; not that a datagram was too large. */
static bool is_failure(int error)
{
	return error == -ECONNREFUSED || error == -EHOSTUNREACH || error == -ENETUNREACH || error == -ENOPROTOOPT ||
	       error == -EACCES || error == -EPERM || error == -ENETDOWN || error == -EHOSTDOWN ||
	       error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT || error == -EINVAL;
}

static void on_server(struct loop_io *io, unsigned events);

static struct ip client_ip(const struct udp_session *session)
{
	struct ip ip = {.family = session->listener->address.family};

	memcpy(ip.bytes, session->entry.key.client, ip_size(&ip));
	return ip;
}

static int connect_to(struct udp_session *session)
{
	const struct snapshot_server *server = &session->udp->snapshot->servers[session->hold.server];
	bool transparent = session_service(session)->transparent;
	const struct dial how = {
		.type = SOCK_DGRAM,
		.to = server->address,
		.source = transparent ? client_ip(session) : server->source,
		.transparent = transparent,
	};
	AUTO_FD fd = -1;
	int r = dial(&how, &fd);

	if (r < 0)
		return r;
	/* Where few answers end a session there is nothing to join. */
	if (session_service(session)->udp.answers == 0)
		udp_join(fd);
	r = loop_io_add(session->udp->env.loop, &session->io, fd, LOOP_READ, on_server);
	if (r == 0)
		(void)fd_take(&fd);
	return r;
}

static int session_take_server(struct udp_session *session)
{
	const struct split *split = &session_service(session)->split;
	uint64_t source = hash_bytes(session->entry.key.client, ip_size(&session->listener->address));
	const struct picker_query query = {
		.pool = split_draw(split, split->by_source ? source : session->lot),
		.source = source,
		.excluded = session->tried,
		.excluded_count = session->tried_count,
	};
	int r = picker_take(session->udp->picker, session->udp->snapshot, &query, &session->hold);

	if (r == 0) {
		counter_add(&session_server_counters(session)->connections, 1);
		session->last_server = session->hold.server;
	}
	return r;
}

/* One attempt. False: the session has ended. */
static bool session_connect(struct udp_session *session)
{
	struct udp *udp = session->udp;
	int r = session_take_server(session);

	if (r < 0) {
		session_refuse(session, r == -EAGAIN ? END_SERVERS_FULL : END_NO_SERVER);
		return false;
	}
	r = connect_to(session);
	if (is_exhaustion(r) && make_room(udp, r == -EADDRNOTAVAIL ? "local ports" : strerrordesc_np(-r)))
		r = connect_to(session);
	if (r == -EADDRNOTAVAIL)
		counter_add(&session_server_counters(session)->ports_missing, 1);
	if (is_exhaustion(r)) {
		session_refuse(session, r == -EADDRNOTAVAIL ? END_OUT_OF_PORTS : END_OUT_OF_RESOURCES);
		return false;
	}
	if (r < 0)
		return session_fail(session, r);
	counter_add(&session_server_counters(session)->connections_total, 1);
	return true;
}

/* From the client. */

static void count_sent(struct udp_session *session, const uint8_t *places, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += udp_batch_at(session->udp->requests, places[i])->size;
	session->bytes_in += bytes;
	counter_add(&session_counters(session)->bytes_in, bytes);
}

static void session_note_requests(struct udp_session *session, const uint8_t *places, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		udp_life_request(&session->life, udp_datagram_count(udp_batch_at(session->udp->requests, places[i])),
			session_now(session));
}

/* Sends the first of them, and others with it where it can; how many are done with. 0: the session has ended. */
static unsigned session_send_some(struct udp_session *session, const uint8_t *places, unsigned count)
{
	struct udp *udp = session->udp;
	int sent;

	while (!session->io.added) {
		if (!session_connect(session))
			return 0;
	}
	sent = udp_batch_send(udp->requests, session->io.fd, places, count);
	if (sent > 0) {
		count_sent(session, places, (unsigned)sent);
		return (unsigned)sent;
	}
	/* The error is that of an earlier datagram, and this one has not been sent. */
	if (is_failure(sent)) {
		if (!session_fail(session, sent))
			return 0;
		session_note_requests(session, places, count);
		return session_send_some(session, places, count);
	}
	session_drop(session, udp->requests, *places);
	return 1;
}

void udp_session_send(struct udp_session *session, const uint8_t *places, unsigned count)
{
	struct udp *udp = session->udp;
	struct udp_listener *listener = session->listener;
	unsigned done;

	session->request_group = UDP_NO_GROUP;
	for (; count > 0; places += done, count -= done) {
		done = session_send_some(session, places, count);
		if (done == 0)
			break;
	}
	for (; count > 0; places++, count--)
		counter_add(&udp_counters(listener)->datagrams_dropped,
			udp_datagram_count(udp_batch_at(udp->requests, *places)));
}

/* From the server. */

/* False: the session has ended. */
static bool session_answer(struct udp_session *session, unsigned place)
{
	unsigned limit = session_service(session)->udp.answers;
	bool last = false;

	for (unsigned i = udp_datagram_count(udp_batch_at(session->udp->answers, place)); i > 0; i--)
		last = udp_life_answer(&session->life, limit, session_now(session));
	session->tried_count = 0;
	udp_answers_add(session, place);
	if (last)
		udp_session_end(session, END_ANSWERED);
	return !last;
}

static void on_server(struct loop_io *io, unsigned events)
{
	struct udp_session *session = CONTAINER_OF(io, struct udp_session, io);
	struct udp *udp = session->udp;
	struct udp_listener *listener = session->listener;
	unsigned from, most = udp_answers_room(udp, &from);
	int count = udp_batch_receive(udp->answers, io->fd, from, most, false);
	unsigned end = from + (unsigned)MAX(count, 0);

	(void)events;
	if (count < 0) {
		if (is_failure(count))
			(void)session_fail(session, count);
		return;
	}
	udp_table_touch(&udp->table, &session->entry);
	while (from < end && session_answer(session, from))
		from++;
	/* What follows the last answer. */
	for (from++; from < end; from++)
		counter_add(&udp_counters(listener)->datagrams_dropped,
			udp_datagram_count(udp_batch_at(udp->answers, from)));
}
