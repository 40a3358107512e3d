/* SPDX-License-Identifier: MIT */
/*
 * The interface that holds the addresses of a vip with a virtual MAC: a macvlan above the vip's own, one for each
 * family, since each has its MAC (RFC 9568 section 7.3). It is down, and so silent, while the node is a backup; nothing
 * gives it addresses but us, and it answers for none but its own. Written by libnl-3 (rtnetlink(7)).
 */
#ifndef LBPAIR_VRRPD_MACVLAN_H
#define LBPAIR_VRRPD_MACVLAN_H

#include "vrrpd/family.h"

#define MACVLAN_MAC_SIZE 6

struct macvlan_socket;

/* Puts back what an earlier run has changed of the parents' settings (settings.h), which are recorded in `run_dir`. */
MUST_USE int macvlan_open(const char *run_dir, struct macvlan_socket **ret_socket);
/* One for macvlan_set_up alone. */
MUST_USE int macvlan_open_switch(struct macvlan_socket **ret_socket);
/* Puts the parents' settings back. Accepts NULL. */
void macvlan_close(struct macvlan_socket *socket);

/* 00-00-5E-00-01-XX or 00-00-5E-00-02-XX. */
void macvlan_mac(enum family family, uint8_t vrid, uint8_t ret_mac[static MACVLAN_MAC_SIZE]);

/*
 * Makes the macvlan above `parent`, whose name is `parent_name`, or finds it: down, and quiet. The parent is told to
 * answer ARP for its own addresses only. -ENODEV: no such parent; -EOPNOTSUPP: the kernel has no macvlan.
 */
MUST_USE int macvlan_ensure(struct macvlan_socket *socket, int parent, const char *parent_name, enum family family,
	uint8_t vrid, int *ret_ifindex);
MUST_USE int macvlan_set_up(struct macvlan_socket *socket, int ifindex, bool up);
/* One that is gone is no error. With the last above a parent, that one's settings are put back. */
MUST_USE int macvlan_remove(struct macvlan_socket *socket, int ifindex);
/* Removes all that an earlier run left behind. Returns how many, or a negative errno. */
MUST_USE int macvlan_remove_stale(struct macvlan_socket *socket);

#endif
