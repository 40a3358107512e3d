/* SPDX-License-Identifier: MIT */
/*
 * What is known, brought together: the link, the forwarder and the peer's word become the facts that a vip's state
 * machine goes by. Pure; review.c collects the input.
 */
#ifndef LBPAIR_VRRPD_FACTS_H
#define LBPAIR_VRRPD_FACTS_H

#include "vrrpd/forwarder.h"
#include "vrrpd/fsm.h"
#include "vrrpd/health.h"
#include "vrrpd/track.h"

struct facts_input {
	const struct conf *conf;
	int64_t interval_ns; /* of the vip's adverts */

	bool link_ok;
	bool link_carries;
	struct ip source;
	bool maintenance;
	bool lan_dead;   /* what answers the peer does not answer here */
	bool lan_silent; /* nobody is heard here, not even when asked */
	bool lan_mute;   /* nobody answers here, whoever is heard */
	bool group_fault;
	bool group_unready;
	bool group_elsewhere;
	struct mono link_ok_at; /* since when it has been usable again, after it was not; {0}: since the start */

	bool lbd_wanted;
	struct forwarder_view view;

	struct track_sum tracked; /* what the vip tracks */
	bool tracks_services;     /* and services are among it */
	uint8_t peer_priority;    /* the other node's configured one; 0: there is no other node */

	const struct peer_message *heartbeat; /* of a peer that is heard; NULL: it is not */
	const struct peer_vip *other;         /* what it says of the vip; NULL: nothing */
	bool peer_on_lan;                     /* and is heard by the vip's own interface */
};

/* Judges health first, which may say that an active node is to resign, and gathers the rest. */
struct vrrp_facts facts_gather(const struct facts_input *input, const struct vrrp_fsm *fsm, struct health_fsm *health,
	struct mono now, struct health_verdict *ret_verdict);
bool facts_equal(const struct vrrp_facts *a, const struct vrrp_facts *b);

#endif
