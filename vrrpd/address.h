/* SPDX-License-Identifier: MIT */
/*
 * Addresses of interfaces, by libnl-3 (rtnetlink(7)). VIPs are installed with a finite lifetime, the lease, and marked
 * with the protocol number ADDRESS_PROTOCOL (IFA_PROTO), so that those of an earlier run are recognised.
 *
 * Calls block for the kernel's answer, which takes microseconds. One socket belongs to one thread. IPv6 addresses are
 * installed without DAD and with the preferred lifetime 0, so that the node's own traffic never takes one as its
 * source. For IPv4 the kernel looks at no such thing: it takes the interface's own address wherever a route or gateway
 * is of that subnet, and otherwise the one that was there first.
 */
#ifndef LBPAIR_VRRPD_ADDRESS_H
#define LBPAIR_VRRPD_ADDRESS_H

#include "common/pure/addr.h"

#define ADDRESS_PROTOCOL 112

struct address_socket;

MUST_USE int address_open(struct address_socket **ret_socket);
/* Accepts NULL. */
void address_close(struct address_socket *socket);

/*
 * Installs all of `list` on the interface in one burst, with one lifetime of `lease_s` seconds (at least 1); what is
 * there already is renewed. -ENODEV: no such interface; others of rtnetlink. On an error nothing that this call added
 * stays.
 */
MUST_USE int address_install(
	struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s);
/*
 * Renews all of `list`, for half the cost of installing what is there. An address that is gone is put back: the caller
 * has made sure that the lease still lives. The first error is returned, the others are still renewed.
 */
MUST_USE int address_renew(
	struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s);

/*
 * Removes all of `list`; what is not there is no error, nor is an interface that is gone. The first error is returned,
 * the rest is still removed. Allocates next to nothing: the guardian calls it when the host may be short of memory.
 */
MUST_USE int address_remove(struct address_socket *socket, int ifindex, const struct prefix *list, size_t count);

/* Whether the address is on the interface, with whatever prefix length. Negative errno, or 0 and the answer. */
MUST_USE int address_is_present(
	struct address_socket *socket, int ifindex, const struct prefix *address, bool *ret_present);

/*
 * Removes every address on this host that is marked as ours, and every one of `list` on whatever interface: what an
 * earlier run left behind. Returns how many were removed, or a negative errno.
 */
MUST_USE int address_remove_stale(struct address_socket *socket, const struct prefix *list, size_t count);

#endif
