/* SPDX-License-Identifier: MIT */
/*
 * What hosts of a LAN say of their addresses: ARP (RFC 826), neighbour solicitations and advertisements (RFC 4861
 * sections 4.3, 4.4). No I/O.
 */
#ifndef LBPAIR_VRRPD_NEIGHBOUR_H
#define LBPAIR_VRRPD_NEIGHBOUR_H

#include "common/pure/addr.h"

#define NEIGHBOUR_MAC_SIZE 6
/* As much of a frame as is looked at. */
#define NEIGHBOUR_FRAME_MAX 128

struct neighbour_word {
	struct ip sender; /* whose address it is, as the frame says */
	struct ip target; /* whom an ARP packet or an advertisement is for, and whom a solicitation asks after */
	uint8_t mac[NEIGHBOUR_MAC_SIZE];
	bool answer; /* an ARP reply, or a solicited advertisement */
};

/* Reads a frame from its Ethernet header on. False: it is neither, or malformed. */
MUST_USE bool neighbour_decode(const uint8_t *bytes, size_t size, struct neighbour_word *ret_word);

#endif
