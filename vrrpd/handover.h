/* SPDX-License-Identifier: MIT */
/*
 * The planned failover (DESIGN section 5.6), by consent over the state port: the active node offers the vip, the peer
 * takes it at once when it is ready and says so, or says why not. A backup asks the active node to offer.
 *
 * Datagrams get lost: each request is repeated under one number until it is answered, and a repeated one is answered
 * again without being done again.
 */
#ifndef LBPAIR_VRRPD_HANDOVER_H
#define LBPAIR_VRRPD_HANDOVER_H

#include "vrrpd/peer.h"
#include "vrrpd/vip.h"

struct handovers;

struct handover_result {
	bool done;          /* moved, or (dry run) would move */
	const char *reason; /* why not; valid during the call */
};
typedef void handover_fn(void *context, struct vip *vip, const struct handover_result *result);

/* `peer` may be NULL: then every handover is refused. `find` gives the vip of that name, or NULL. */
MUST_USE int handovers_new(struct loop *loop, struct peer *peer, struct vip *(*find)(void *context, const char *name),
	void *context, struct handovers **ret_handovers);
/* vrrpd is stopping, as the vips know already: those that are under way are refused. */
void handovers_stop(struct handovers *handovers);
/* Unfinished ones are not called any more. Before the vips are freed. Accepts NULL. */
void handovers_free(struct handovers *handovers);

/* The way to the peer is another one, or (NULL) there is none: what waits for an answer has failed then. */
void handovers_set_peer(struct handovers *handovers, struct peer *peer);
/* The vip is about to be freed: what is under way with it has failed. */
void handovers_forget(const struct vip *vip);

/* Moves the vip to the other node, whichever of the two has it. `fn` is called once, perhaps before this returns. */
void handover_start(struct handovers *handovers, struct vip *vip, bool dry_run, handover_fn *fn, void *context);
/* A fresh ask, offer or answer of the peer. */
void handover_message(struct handovers *handovers, const struct peer_message *message);

#endif
