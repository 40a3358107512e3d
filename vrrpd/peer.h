/* SPDX-License-Identifier: MIT */
/*
 * The other node's vrrpd, over the state port (DESIGN section 5.4): sends heartbeats by every path, judges what comes
 * back, knows which paths live and by how much the peer's clock is off. What the messages mean is the agent's business.
 */
#ifndef LBPAIR_VRRPD_PEER_H
#define LBPAIR_VRRPD_PEER_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/peermsg.h"
#include "vrrpd/roll.h"

struct peer;

#define PEER_PATHS_MAX (1 + CONF_HEARTBEATS_MAX)

struct peer_events {
	/* Fills in what a heartbeat says of this node, and, into the roll, of each of its vips. */
	void (*fill)(void *context, struct peer_message *message, struct roll *ret_roll);
	/* A fresh message; it lives during the call. A heartbeat speaks of the vips in its range alone (roll.h). */
	void (*message)(void *context, const struct peer_message *message);
	/* The first path came alive, or the last fell silent. */
	void (*alive)(void *context, bool alive);
};

struct peer_conf {
	const struct node_conf *self;
	const struct node_conf *other;
	uint16_t port;
	int64_t interval_ns;        /* the shortest advert-interval; a path is dead after three */
	const struct keyring *ring; /* looked at once */
	const struct key *key;      /* its id is looked at whenever something is signed */
};

/* Binds the node's own addresses. What `conf` points to stays valid. Negative errno of bind(2), with a line on stderr.
 */
MUST_USE int peer_new(struct loop *loop, const struct peer_conf *conf, const struct peer_events *events, void *context,
	struct peer **ret_peer);
/* Accepts NULL. */
void peer_free(struct peer *peer);

/*
 * Another configuration, in two steps. The first opens the paths that are not there yet and derives the keys; it may
 * fail, as peer_new. The second cannot: paths that both configurations have stay as they are, and so does what is known
 * of the peer. No event is called; where no path lives any more, peer_is_alive says so.
 */
struct peer_change;
MUST_USE int peer_prepare(struct peer *peer, const struct peer_conf *conf, struct peer_change **ret_change);
void peer_commit(struct peer_change *change);
/* Instead of the second: accepts NULL. */
void peer_abandon(struct peer_change *change);

/* Sends a heartbeat now, as when something changed that the peer should know at once. */
void peer_hurry(struct peer *peer);
/* Sends an ask, an offer or an answer; everything but its own fields is filled in here. */
void peer_send(struct peer *peer, struct peer_message *message);
/* Takes in what waits in the sockets, a bounded number at a time. Whether none waits any longer. */
bool peer_receive(struct peer *peer);

bool peer_is_alive(const struct peer *peer);
/* When the last fresh message came; {0}: none yet. */
struct mono peer_heard_at(const struct peer *peer);
/* Whether a living path comes in by that interface. */
bool peer_is_heard_on(const struct peer *peer, int ifindex);
/* The way by the nodes' `address` is the first; then come those of `heartbeat`. */
struct peer_path {
	struct ip address; /* the peer's */
	bool alive;
	bool unanswered;       /* not alive: what comes by it is no answer to anything that this node has sent */
	struct mono silent_at; /* since when it has been silent; {0}: it is not, or has never been heard */
	int ifindex;           /* that the last fresh message came in by; 0: none has come */
};
size_t peer_path_count(const struct peer *peer);
struct peer_path peer_path(const struct peer *peer, size_t i);
/*
 * The last heartbeat; NULL before the first. Its content counts while the peer is alive: what it says of the node. Of a
 * vip counts what peer_vip says.
 */
const struct peer_message *peer_heartbeat(const struct peer *peer);
/* What the peer has said of that vip within three intervals; NULL: nothing, or that it does not have it. */
const struct peer_vip *peer_vip(const struct peer *peer, uint32_t id);
/* The peer's clock minus ours, as of its last fresh message (less the way that it came). */
int64_t peer_clock_offset_ns(const struct peer *peer);
/* How many datagrams were not authentic, not readable or not fresh. */
uint64_t peer_discarded(const struct peer *peer);

#endif
