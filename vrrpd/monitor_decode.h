/* SPDX-License-Identifier: MIT */
/* The kernel's messages of links and addresses (rtnetlink(7)), read by libmnl. No I/O. */
#ifndef LBPAIR_VRRPD_MONITOR_DECODE_H
#define LBPAIR_VRRPD_MONITOR_DECODE_H

#include "common/pure/addr.h"

#include <net/if.h>

#define MONITOR_MAC_SIZE 6

struct monitor_link {
	int ifindex; /* 0: there is no such interface */
	char name[IF_NAMESIZE];
	bool up;      /* administratively */
	bool carrier; /* IFF_RUNNING and IFF_LOWER_UP */
	uint8_t mac[MONITOR_MAC_SIZE];
};

/* What one message of the kernel says. */
struct monitor_change {
	enum monitor_change_kind {
		MONITOR_LINK,
		MONITOR_LINK_GONE,
		MONITOR_ADDRESS,
		MONITOR_ADDRESS_GONE,
	} kind;
	struct monitor_link link; /* of links */
	int ifindex;              /* of addresses, like the rest */
	struct prefix address;
	bool is_vip; /* marked so by IFA_PROTO */
	bool is_tentative;
};
typedef void monitor_change_fn(void *context, const struct monitor_change *change);

/*
 * Reads a buffer of netlink messages, aligned to 4 bytes, and hands on what concerns links and addresses; others,
 * malformed ones and addresses that duplicates are still looked for of are passed over. No I/O. Returns 0; 1: the end
 * of a dump was among them; -EINTR: and the dump was not consistent; other negative errno: the kernel refused the
 * request.
 */
int monitor_decode(const void *bytes, size_t size, monitor_change_fn *fn, void *context);

#endif
