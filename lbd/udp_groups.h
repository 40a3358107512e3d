/* SPDX-License-Identifier: MIT */
/*
 * The datagrams of a batch by the socket that they go to, so that one system call sends all of one: groups in the order
 * of their first datagram, and in each the datagrams in the order in which they came. No I/O.
 */
#ifndef LBPAIR_LBD_UDP_GROUPS_H
#define LBPAIR_LBD_UDP_GROUPS_H

#include "common/pure/base.h"

/* Datagrams in a batch. */
#define UDP_BATCH 64
#define UDP_NO_GROUP UINT8_MAX

struct udp_group {
	void *owner;
	uint8_t first;
	uint8_t last;
};

struct udp_groups {
	uint8_t count;
	struct udp_group list[UDP_BATCH];
	uint8_t next[UDP_BATCH]; /* by datagram; of the last one of a group nothing */
};

/* Adds a datagram to its owner's group, the number of which the owner keeps: UDP_NO_GROUP at first. */
void udp_groups_add(struct udp_groups *groups, uint8_t datagram, void *owner, uint8_t *group);
/* The datagrams of a group, in order; how many. */
unsigned udp_groups_list(const struct udp_groups *groups, uint8_t group, uint8_t datagrams[static UDP_BATCH]);

#endif
