/* SPDX-License-Identifier: MIT */
/*
 * Tells the LAN that a VIP is here now (RFC 9568 section 6.4.2): gratuitous ARP (RFC 826; RFC 5227 section 3: an
 * announcement is a request for the address itself), or an unsolicited neighbour advertisement (RFC 4861
 * section 7.2.6).
 */
#ifndef LBPAIR_VRRPD_ANNOUNCE_H
#define LBPAIR_VRRPD_ANNOUNCE_H

#include "common/pure/addr.h"
#include "common/pure/cursor.h"

#define ANNOUNCE_MAC_SIZE 6
#define ANNOUNCE_FRAME_SIZE 42
#define ANNOUNCE_NEIGHBOUR_SIZE 86

/* A non-blocking packet socket for sending; it receives nothing. Needs CAP_NET_RAW. */
MUST_USE int announce_open(int *ret_fd);
/*
 * Broadcasts one request for `target`, from `sender`. Both the same: the announcement. Else the question of RFC 826, by
 * whose answer the kernels of both hosts know each other's hardware address again. Errors of sendto(2), -EAGAIN among
 * them: the caller tries again at the next round.
 */
MUST_USE int announce_send(int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *sender,
	const struct ip *target);
/*
 * Asks who has the address, of either family, from `own`, an address of the same one: ARP, or a neighbour solicitation
 * to the target's own group (RFC 4861 section 4.3). Errors as above.
 */
MUST_USE int announce_ask(int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *own,
	const struct ip *target);
/* Announces the address, of either family, to everyone. `is_router`: this host forwards IPv6. Errors as above. */
MUST_USE int announce_address(
	int fd, int ifindex, const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *address, bool is_router);
/* Sends a frame as it is, Ethernet header and all. Errors of sendto(2). */
MUST_USE int announce_frame(int fd, int ifindex, uint16_t type, const struct writer *frame);
/* Whether the host forwards IPv6 on that interface. */
bool announce_is_router(const char *interface);
/* The frames alone; no I/O. */
void announce_encode_neighbour(
	const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *address, bool is_router, struct writer *out);
void announce_encode_solicitation(
	const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *own, const struct ip *target, struct writer *out);
void announce_encode(const uint8_t mac[static ANNOUNCE_MAC_SIZE], const struct ip *sender, const struct ip *target,
	struct writer *out);

#endif
