/* SPDX-License-Identifier: MIT */
/*
 * Addresses of interfaces, by libnl-3 (rtnetlink(7)). VIPs are installed with a finite lifetime, the lease, and marked
 * with the protocol number ADDRESS_PROTOCOL (IFA_PROTO), so that those of an earlier run are recognised.
 *
 * Calls block for the kernel's answer, which takes microseconds. One socket belongs to one thread.
 */
#ifndef LBPAIR_VRRPD_ADDRESS_H
#define LBPAIR_VRRPD_ADDRESS_H

#include "common/pure/addr.h"

#define ADDRESS_PROTOCOL 112

struct address_socket;

MUST_USE int address_open(struct address_socket **ret_socket);
void address_close(struct address_socket *socket);

/*
 * Installs or renews all of `list` on the interface in one burst, with one lifetime of `lease_s` seconds. IPv6: no DAD,
 * preferred lifetime 0; IPv4 the same preferred lifetime 0 where it keeps the node's own traffic off the VIP.
 * -ENODEV: no such interface; others of rtnetlink. On an error nothing that this call added stays.
 */
MUST_USE int address_install(
	struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s);

/* Removes all of `list`; what is not there is no error. The first error is returned, the rest is still removed. */
MUST_USE int address_remove(struct address_socket *socket, int ifindex, const struct prefix *list, size_t count);

/* Whether the address is on the interface. Negative errno, or 0 and the answer. */
MUST_USE int address_is_present(
	struct address_socket *socket, int ifindex, const struct prefix *address, bool *ret_present);

/*
 * Removes every address on this host that is marked as ours, and every one of `list` on whatever interface: what an
 * earlier run left behind. Returns how many were removed, or a negative errno.
 */
MUST_USE int address_remove_stale(struct address_socket *socket, const struct prefix *list, size_t count);

#endif
