/* SPDX-License-Identifier: MIT */
/*
 * What the two nodes say of a vip over the state port: how this node's state is put, and what has happened to the vip
 * by what the peer says of it from one heartbeat to the next. Pure; talk.c sends and acts.
 */
#ifndef LBPAIR_VRRPD_WORD_H
#define LBPAIR_VRRPD_WORD_H

#include "vrrpd/fsm.h"
#include "vrrpd/peermsg.h"

/* The peer's last word on one vip. Zeroed: nothing is known. */
struct word {
	enum peer_vip_state state; /* PEER_VIP_INITIALIZE also where it says nothing */
	bool missed;               /* it heard no adverts, and has not said since that it does */
};

struct word_change {
	bool left;        /* the peer is no longer active */
	bool for_another; /* and hears an active node */
	bool hears_again; /* adverts come through to it again: the LAN may have gone without us until now */
};

/* `other`: what it says now; NULL: nothing. */
MUST_USE struct word_change word_take(struct word *word, const struct peer_vip *other);
/*
 * Whether it counts as a resignation. Where it hears another active node, which is not this one, it did not resign: a
 * third one has taken the vip over.
 */
bool word_resigned(const struct word_change *change, enum vrrp_state own);
/*
 * This node, being active, offers the vip to the peer: that the peer was active before is no longer to be told from its
 * next word, which may have been said before it took the vip over and come when this node has left.
 */
void word_offer(struct word *word);
/* The peer is no longer heard on the state port. */
void word_silent(struct word *word);

/* What this node says; the caller adds what it knows of the carrier and of the LAN. */
struct peer_vip word_of(uint32_t id, const struct vrrp_fsm *fsm, struct mono now);

#endif
