/* SPDX-License-Identifier: MIT */
/*
 * The other node's vrrpd, over the state port (DESIGN section 5.4): sends heartbeats, judges what comes back, knows
 * whether the path lives and by how much the peer's clock is off. What the messages mean is the agent's business.
 */
#ifndef LBPAIR_VRRPD_PEER_H
#define LBPAIR_VRRPD_PEER_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/peermsg.h"

struct peer;

struct peer_events {
	/* Fills in what a heartbeat says of this node. */
	void (*fill)(void *context, struct peer_message *message);
	/* A fresh message; it lives during the call. */
	void (*message)(void *context, const struct peer_message *message);
	/* The path came alive or fell silent. */
	void (*alive)(void *context, bool alive);
};

struct peer_conf {
	const struct node_conf *self;
	const struct node_conf *other;
	uint16_t port;
	int64_t interval_ns; /* the shortest advert-interval; a path is dead after three */
	const struct keyring *ring;
	const struct key *key;
};

/* Binds the node's own address. What `conf` points to stays valid. Negative errno of bind(2), with a line on stderr. */
MUST_USE int peer_new(struct loop *loop, const struct peer_conf *conf, const struct peer_events *events, void *context,
	struct peer **ret_peer);
/* Accepts NULL. */
void peer_free(struct peer *peer);

/* Sends a heartbeat now, as when something changed that the peer should know at once. */
void peer_hurry(struct peer *peer);
/* Sends an ask, an offer or an answer; everything but its own fields is filled in here. */
void peer_send(struct peer *peer, struct peer_message *message);
/* Takes in what waits in the socket. */
void peer_receive(struct peer *peer);

bool peer_is_alive(const struct peer *peer);
/* When the last fresh message came; {0}: none yet. */
struct mono peer_heard_at(const struct peer *peer);
/* The interface that the last fresh message came in by. */
int peer_ifindex(const struct peer *peer);
/* The last heartbeat; NULL before the first. Its content counts while the peer is alive. */
const struct peer_message *peer_heartbeat(const struct peer *peer);
/* The peer's clock minus ours, as of its last fresh message (less the way that it came). */
int64_t peer_clock_offset_ns(const struct peer *peer);
/* How many datagrams were not authentic, not readable or not fresh. */
uint64_t peer_discarded(const struct peer *peer);

#endif
