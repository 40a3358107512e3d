/* SPDX-License-Identifier: MIT */
#include "vrrpd/peer.h"

#include "common/system/clock.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"
#include "common/system/log.h"
#include "vrrpd/peer_session.h"
#include "vrrpd/statesock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEAD_AFTER_INTERVALS 3
/* What the schema allows. */
#define INTERVAL_MAX_MS (40u * 1000)
/* How old a fresh datagram's way may be; see peer_session_init. */
#define ROUND_TRIP_MAX_NS (500 * NS_PER_MS)
/* Greetings are answered at once, but no faster than this: whoever records and replays them gets no amplifier. */
#define GREETING_GAP_NS (5 * NS_PER_MS)

/*
 * Ways between the nodes: from one of our addresses to the one of the peer's that stands in its place. The first is
 * that of the nodes' `address`, the others are those of `heartbeat`.
 */
struct path {
	struct peer *peer;
	struct endpoint own;
	struct ip other;
	int fd;
	struct loop_io io;
	struct loop_timer silence;
	bool alive;
	struct mono silent_at;  /* it fell silent; {0}: it has not, since it was heard first */
	int ifindex;            /* that the last fresh message came in by; 0: none has */
	struct mono greeted_at; /* the last greeting came; {0}: none has */
	int send_error;
};

struct peer {
	struct loop *loop;
	struct peer_conf conf;
	struct peer_events events;
	void *context;

	struct peermsg_keys keys;
	struct peer_session session;
	struct path *paths[PEER_PATHS_MAX];
	size_t path_count;
	struct loop_timer beat;
	struct mono greeted_at;

	bool alive;
	struct mono heard_at;
	int64_t clock_offset_ns;
	bool has_heartbeat;
	struct peer_message heartbeat;
	struct roll vips;     /* what it says of them; */
	struct roll own_vips; /* and what this node said last of its own */
	uint32_t beats;
	uint64_t discarded;
};

/* While one of the nodes has been reloaded and the other has not, they need not send equally often. */
static int64_t interval_of(const struct peer *peer, const struct peer_message *heartbeat)
{
	return MAX(peer->conf.interval_ns, MIN(heartbeat->interval_ms, INTERVAL_MAX_MS) * NS_PER_MS);
}

static int64_t longest_interval_ns(const struct peer *peer)
{
	return peer->has_heartbeat ? interval_of(peer, &peer->heartbeat) : peer->conf.interval_ns;
}

bool peer_is_alive(const struct peer *peer)
{
	return peer->alive;
}

struct mono peer_heard_at(const struct peer *peer)
{
	return peer->heard_at;
}

bool peer_is_heard_on(const struct peer *peer, int ifindex)
{
	for (size_t i = 0; i < peer->path_count; i++) {
		if (peer->paths[i]->alive && peer->paths[i]->ifindex == ifindex)
			return true;
	}
	return false;
}

size_t peer_path_count(const struct peer *peer)
{
	return peer->path_count;
}

struct peer_path peer_path(const struct peer *peer, size_t i)
{
	const struct path *path = peer->paths[i];
	int64_t span_ns = DEAD_AFTER_INTERVALS * longest_interval_ns(peer);
	bool greeted = path->greeted_at.ns != 0 && mono_diff(clock_mono(), path->greeted_at) <= span_ns;

	return (struct peer_path){.address = path->other,
		.alive = path->alive,
		.unanswered = greeted && !path->alive,
		.silent_at = path->silent_at,
		.ifindex = path->ifindex};
}

const struct peer_message *peer_heartbeat(const struct peer *peer)
{
	return peer->has_heartbeat ? &peer->heartbeat : NULL;
}

const struct peer_vip *peer_vip(const struct peer *peer, uint32_t id)
{
	return peer->has_heartbeat ? roll_find(&peer->vips, id) : NULL;
}

int64_t peer_clock_offset_ns(const struct peer *peer)
{
	return peer->clock_offset_ns;
}

uint64_t peer_discarded(const struct peer *peer)
{
	return peer->discarded;
}

static void check_timer(int r)
{
	if (r < 0) {
		log_error("no memory for a timer of the state port");
		log_flush();
		abort();
	}
}

/* Sending. */

static void send_on(struct path *path, const uint8_t *bytes, size_t size)
{
	struct endpoint to = {.ip = path->other, .port = path->peer->conf.port};
	int error = statesock_send(path->fd, &to, bytes, size);

	/* ECONNREFUSED is the peer's host saying that no vrrpd listens, which is no news of ours. */
	if (error < 0 && error != -ECONNREFUSED && error != path->send_error)
		log_warning("the state port could not be reached", log_ip("peer", &path->other), log_errno(error));
	path->send_error = error;
}

static void put_names(const struct peer *peer, struct peer_message *message)
{
	snprintf(message->from, sizeof message->from, "%s", peer->conf.self->name);
	snprintf(message->to, sizeof message->to, "%s", peer->conf.other->name);
}

void peer_send(struct peer *peer, struct peer_message *message)
{
	put_names(peer, message);
	for (size_t i = 0; i < peer->path_count; i++) {
		uint8_t bytes[PEER_DATAGRAM_MAX];
		struct writer out = writer_of(bytes, sizeof bytes);

		message->real_ns = clock_real_ns();
		/* A stamp of its own: the same one that comes by another path would pass for a replay. */
		peer_session_stamp(&peer->session, clock_mono(), message);
		peermsg_encode(message, peermsg_find_key(&peer->keys, peer->conf.key->id), &out);
		assert(!out.bad);
		send_on(peer->paths[i], bytes, out.length);
	}
}

/* In as many datagrams as it takes. */
static void send_heartbeat(struct peer *peer)
{
	struct peer_message *message = calloc(1, sizeof *message);
	size_t room, next = 0;

	if (message == NULL)
		return;
	message->kind = PEER_HEARTBEAT;
	message->interval_ms = (unsigned)(peer->conf.interval_ns / NS_PER_MS);
	peer->own_vips.count = 0;
	peer->events.fill(peer->context, message, &peer->own_vips);
	roll_sort(&peer->own_vips);
	put_names(peer, message);
	message->beat = ++peer->beats;
	room = peermsg_vip_room(message);
	do {
		next = roll_cut(&peer->own_vips, next, room, message);
		peer_send(peer, message);
	} while (next < peer->own_vips.count);
	free(message);
}

static void on_beat(struct loop_timer *timer, struct mono now)
{
	struct peer *peer = CONTAINER_OF(timer, struct peer, beat);

	send_heartbeat(peer);
	check_timer(loop_timer_set_urgent(peer->loop, timer, mono_add(now, peer->conf.interval_ns), on_beat));
}

void peer_hurry(struct peer *peer)
{
	on_beat(&peer->beat, clock_mono());
}

/* Receiving. */

static void log_path(const struct path *path)
{
	const struct peer *peer = path->peer;

	if (path->alive)
		log_info("the peer is heard on the state port", log_str("peer", peer->conf.other->name),
			log_ip("path", &path->other), log_ms("clock_offset", peer->clock_offset_ns));
	else
		log_warning("the peer is silent on the state port", log_str("peer", peer->conf.other->name),
			log_ip("path", &path->other));
}

static void set_path_alive(struct path *path, bool alive)
{
	struct peer *peer = path->peer;
	bool any = false;

	if (path->alive == alive)
		return;
	path->alive = alive;
	path->silent_at = alive ? (struct mono){0} : clock_mono();
	log_path(path);
	for (size_t i = 0; i < peer->path_count; i++)
		any |= peer->paths[i]->alive;
	if (any == peer->alive)
		return;
	peer->alive = any;
	/* When it is back, what it said before no longer counts, whatever it comes back with. */
	peer->has_heartbeat = peer->has_heartbeat && any;
	peer->events.alive(peer->context, any);
}

static void on_silence(struct loop_timer *timer, struct mono now)
{
	struct path *path = CONTAINER_OF(timer, struct path, silence);

	(void)now;
	(void)peer_receive(path->peer);
	if (!loop_timer_is_set(timer))
		set_path_alive(path, false);
}

static void note_path(struct path *path, int ifindex, struct mono now)
{
	struct peer *peer = path->peer;

	path->ifindex = ifindex;
	check_timer(loop_timer_set(peer->loop, &path->silence,
		mono_add(now, DEAD_AFTER_INTERVALS * longest_interval_ns(peer)), on_silence));
	set_path_alive(path, true);
}

static void take_heartbeat(struct peer *peer, const struct peer_message *message, struct mono now)
{
	const struct peer_message *before = peer->has_heartbeat ? &peer->heartbeat : NULL;
	int64_t interval_ns = MAX(longest_interval_ns(peer), interval_of(peer, message));
	/* Some of its datagrams may come later than others. */
	int lost = roll_hear(&peer->vips, before, message, DEAD_AFTER_INTERVALS * interval_ns, now);

	peer->heartbeat = *message;
	peer->has_heartbeat = true;
	if (lost < 0)
		peer->discarded++;
	else if (lost > 0)
		log_warning("what the peer says of some vips does not come through", log_str("peer", message->from),
			log_int("vips", lost));
}

static void take_fresh(struct path *path, const struct peer_message *message, int ifindex)
{
	struct peer *peer = path->peer;
	struct mono now = clock_mono();

	peer->heard_at = now;
	peer->clock_offset_ns = message->real_ns - clock_real_ns();
	if (message->kind == PEER_HEARTBEAT)
		take_heartbeat(peer, message, now);
	note_path(path, ifindex, now);
	peer->events.message(peer->context, message);
}

static void answer_greeting(struct peer *peer)
{
	struct mono now = clock_mono();

	if (mono_diff(now, peer->greeted_at) < GREETING_GAP_NS)
		return;
	peer->greeted_at = now;
	send_heartbeat(peer);
}

static void take(struct path *path, const uint8_t *bytes, size_t size, int ifindex)
{
	struct peer *peer = path->peer;
	struct peer_message *message = calloc(1, sizeof *message);

	if (message == NULL)
		return;
	if (peermsg_decode(bytes, size, &peer->keys, message) < 0 ||
		strcmp(message->from, peer->conf.other->name) != 0 || strcmp(message->to, peer->conf.self->name) != 0) {
		peer->discarded++;
		free(message);
		return;
	}
	switch (peer_session_take(&peer->session, message, clock_mono())) {
	case PEER_FRESH:
		take_fresh(path, message, ifindex);
		break;
	case PEER_OVERTAKEN:
		/* Of two heartbeats the newer one counts, but this one's path lives as well. */
		if (message->kind == PEER_HEARTBEAT && !roll_goes_on(peer_heartbeat(peer), message))
			note_path(path, ifindex, clock_mono());
		else
			take_fresh(path, message, ifindex);
		break;
	case PEER_GREETING:
		path->greeted_at = clock_mono();
		answer_greeting(peer);
		break;
	case PEER_OLD:
		peer->discarded++;
		break;
	}
	free(message);
}

/* One datagram; false when none waits. */
static bool receive_one(struct path *path)
{
	uint8_t bytes[PEER_DATAGRAM_MAX];
	size_t size = 0;
	int ifindex = 0;
	int r = statesock_receive(path->fd, bytes, sizeof bytes, &size, &ifindex);

	/* An ICMP answer to what we sent: the next may be there. */
	if (r == -ECONNREFUSED || r == -EINTR)
		return true;
	if (r == -EMSGSIZE)
		path->peer->discarded++;
	else if (r == 0)
		take(path, bytes, size, ifindex);
	return r == 0 || r == -EMSGSIZE;
}

/* Bounded, so that a flood on this port never starves the adverts. */
#define RECEIVE_BATCH 64

/* Whether it was emptied. */
static bool receive(struct path *path)
{
	for (int i = 0; i < RECEIVE_BATCH; i++) {
		if (!receive_one(path))
			return true;
	}
	return false;
}

bool peer_receive(struct peer *peer)
{
	bool emptied = true;

	for (size_t i = 0; i < peer->path_count; i++)
		emptied &= receive(peer->paths[i]);
	return emptied;
}

static void on_readable(struct loop_io *io, unsigned events)
{
	(void)events;
	(void)receive(CONTAINER_OF(io, struct path, io));
}

/* Life. */

static void path_free(struct path *path)
{
	if (path == NULL)
		return;
	loop_timer_clear(path->peer->loop, &path->silence);
	loop_io_remove(path->peer->loop, &path->io);
	fd_close(&path->fd);
	free(path);
}

static int path_new(struct peer *peer, const struct endpoint *own, const struct ip *other, struct path **ret_path)
{
	struct path *path = calloc(1, sizeof *path);
	int r;

	if (path == NULL)
		return -ENOMEM;
	*path = (struct path){.peer = peer, .own = *own, .other = *other, .fd = -1};
	r = statesock_open(own, &path->fd);
	if (r == 0)
		r = loop_io_add(peer->loop, &path->io, path->fd, LOOP_READ | LOOP_PRIORITY, on_readable);
	if (r < 0) {
		path_free(path);
		return r;
	}
	*ret_path = path;
	return 0;
}

/* What a configuration asks for. */
struct wanted {
	struct endpoint own[PEER_PATHS_MAX];
	struct ip other[PEER_PATHS_MAX];
	size_t count;
};

static void want(struct wanted *wanted, const struct peer_conf *conf, const struct ip *own, const struct ip *other)
{
	wanted->own[wanted->count] = (struct endpoint){.ip = *own, .port = conf->port};
	wanted->other[wanted->count++] = *other;
}

static struct wanted wanted_by(const struct peer_conf *conf)
{
	struct wanted wanted = {0};

	want(&wanted, conf, &conf->self->address, &conf->other->address);
	/* The configuration's check sees to it that both nodes have as many. */
	for (size_t i = 0; i < conf->self->heartbeat_count; i++)
		want(&wanted, conf, &conf->self->heartbeats[i], &conf->other->heartbeats[i]);
	return wanted;
}

static int64_t max_age_ns(const struct peer_conf *conf)
{
	return MAX(3 * conf->interval_ns, ROUND_TRIP_MAX_NS);
}

struct peer_change {
	struct peer *peer;
	struct peer_conf conf;
	struct peermsg_keys keys;
	struct wanted wanted;
	struct path *paths[PEER_PATHS_MAX];
	bool fresh[PEER_PATHS_MAX];
};

static struct path *find_path(const struct peer *peer, const struct endpoint *own)
{
	for (size_t i = 0; i < peer->path_count; i++) {
		if (endpoint_equal(&peer->paths[i]->own, own))
			return peer->paths[i];
	}
	return NULL;
}

void peer_abandon(struct peer_change *change)
{
	if (change == NULL)
		return;
	for (size_t i = 0; i < PEER_PATHS_MAX; i++) {
		if (change->fresh[i])
			path_free(change->paths[i]);
	}
	crypto_wipe(&change->keys, sizeof change->keys);
	free(change);
}

int peer_prepare(struct peer *peer, const struct peer_conf *conf, struct peer_change **ret_change)
{
	struct peer_change *change = calloc(1, sizeof *change);
	int r;

	if (change == NULL)
		return -ENOMEM;
	change->peer = peer;
	change->conf = *conf;
	change->wanted = wanted_by(conf);
	r = peermsg_derive_keys(conf->ring, &change->keys);
	for (size_t i = 0; r == 0 && i < change->wanted.count; i++) {
		change->paths[i] = find_path(peer, &change->wanted.own[i]);
		change->fresh[i] = change->paths[i] == NULL;
		if (change->fresh[i])
			r = path_new(peer, &change->wanted.own[i], &change->wanted.other[i], &change->paths[i]);
	}
	if (r < 0) {
		peer_abandon(change);
		return r;
	}
	*ret_change = change;
	return 0;
}

static bool is_among(struct path *const *paths, size_t count, const struct path *path)
{
	for (size_t i = 0; i < count; i++) {
		if (paths[i] == path)
			return true;
	}
	return false;
}

/* Whoever is at another address, or is another, has to be heard first. */
static void lead_to(struct path *path, const struct ip *other, bool another)
{
	if (ip_equal(&path->other, other) && !another)
		return;
	path->other = *other;
	path->alive = false;
	path->silent_at = (struct mono){0};
	path->ifindex = 0;
	path->greeted_at = (struct mono){0};
	path->send_error = 0;
	loop_timer_clear(path->peer->loop, &path->silence);
}

void peer_commit(struct peer_change *change)
{
	struct peer *peer = change->peer;
	bool another = strcmp(peer->conf.other->name, change->conf.other->name) != 0;
	bool alive = false;

	for (size_t i = 0; i < peer->path_count; i++) {
		if (!is_among(change->paths, change->wanted.count, peer->paths[i]))
			path_free(peer->paths[i]);
	}
	peer->path_count = change->wanted.count;
	for (size_t i = 0; i < peer->path_count; i++) {
		peer->paths[i] = change->paths[i];
		lead_to(peer->paths[i], &change->wanted.other[i], another);
		alive |= peer->paths[i]->alive;
	}
	/* The vips are looked at by whoever changes the configuration. */
	peer->alive = alive;
	peer->has_heartbeat = peer->has_heartbeat && !another;
	peer->session.max_age_ns = max_age_ns(&change->conf);
	peer->conf = change->conf;
	peer->conf.ring = NULL;
	peer->keys = change->keys;
	crypto_wipe(&change->keys, sizeof change->keys);
	free(change);
}

static int init(struct peer *peer)
{
	struct wanted wanted = wanted_by(&peer->conf);
	uint64_t session = 0;
	int r = peermsg_derive_keys(peer->conf.ring, &peer->keys);

	if (r < 0)
		return r;
	while (session == 0) {
		r = crypto_random(&session, sizeof session);
		if (r < 0)
			return r;
	}
	peer_session_init(&peer->session, session, max_age_ns(&peer->conf));
	for (size_t i = 0; i < wanted.count; i++) {
		r = path_new(peer, &wanted.own[i], &wanted.other[i], &peer->paths[i]);
		if (r < 0)
			return r;
		peer->path_count++;
	}
	check_timer(loop_timer_set_urgent(peer->loop, &peer->beat, clock_mono(), on_beat));
	return 0;
}

int peer_new(struct loop *loop, const struct peer_conf *conf, const struct peer_events *events, void *context,
	struct peer **ret_peer)
{
	struct peer *peer = calloc(1, sizeof *peer);
	int r;

	if (peer == NULL)
		return -ENOMEM;
	peer->loop = loop;
	peer->conf = *conf;
	peer->events = *events;
	peer->context = context;
	r = init(peer);
	if (r < 0) {
		peer_free(peer);
		return r;
	}
	peer->conf.ring = NULL;
	*ret_peer = peer;
	return 0;
}

void peer_free(struct peer *peer)
{
	if (peer == NULL)
		return;
	loop_timer_clear(peer->loop, &peer->beat);
	for (size_t i = 0; i < peer->path_count; i++)
		path_free(peer->paths[i]);
	crypto_wipe(&peer->keys, sizeof peer->keys);
	free(peer);
}
