/* SPDX-License-Identifier: MIT */
/*
 * What a vip hears: whether an advert is for it, authentic and new (RFC 9568 and RFC 3768 section 7.1, DESIGN section
 * 5), and what it tells beside the election.
 */
#ifndef LBPAIR_VRRPD_HEARING_H
#define LBPAIR_VRRPD_HEARING_H

#include "vrrpd/vip.h"

/* An advert for this vip, decoded; it is verified here. */
void hearing_receive(
	struct vip *vip, const struct advert_packet *packet, const struct advert_received *received, int64_t age_ns);
/* One that is refused: it is counted, and its cause told. Of `received` the version is to be known. */
void hearing_refuse(struct vip *vip, enum advert_discard verdict, const struct advert_packet *packet,
	const struct advert_received *received);
/* A fresh datagram of the peer: of that session, the last sequence that it had signed, and its time of day. */
void hearing_prove_clock(struct vip *vip, uint64_t session, uint64_t sequence, int64_t peer_real_ns);
/* The highest sequence that was accepted or proven; 0: none. */
uint64_t hearing_highest_sequence(const struct vip *vip);

#endif
