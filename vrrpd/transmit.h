/* SPDX-License-Identifier: MIT */
/*
 * Sends a vip's adverts: in each family that it has, and in each form that is wanted. The main process and the guardian
 * send by the same words, those of the fence page.
 */
#ifndef LBPAIR_VRRPD_TRANSMIT_H
#define LBPAIR_VRRPD_TRANSMIT_H

#include "vrrpd/fence.h"
#include "vrrpd/rawsock.h"

struct transmit {
	struct rawsock *sockets; /* one for each family; those without a descriptor are passed over */
	struct fence *fence;     /* gives the sequences, one to each packet */
	const struct key *key;   /* NULL: none; a signed vip then sends nothing */
	int packet_fd;           /* of announce_open: what comes from a virtual MAC */
};

/* How many were sent is added to `sent`. The first error of rawsock_send; -ENOKEY. */
MUST_USE int transmit_advert(
	const struct transmit *transmit, const struct fence_vip *vip, uint8_t priority, uint64_t *sent);

#endif
