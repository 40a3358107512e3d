/* SPDX-License-Identifier: MIT */
/*
 * Where a vip's addresses sit: on its interface, or, with a virtual MAC, each family on a macvlan above that. The main
 * process and the guardian go by the same words, those of the fence page.
 */
#ifndef LBPAIR_VRRPD_PLACE_H
#define LBPAIR_VRRPD_PLACE_H

#include "common/model/conf.h"
#include "vrrpd/address.h"
#include "vrrpd/fence.h"
#include "vrrpd/macvlan.h"

/* Makes the vip's macvlans above that interface, down, and notes them; nothing for a vip without a virtual MAC. */
MUST_USE int place_prepare(
	struct macvlan_socket *socket, const struct vip_conf *conf, int parent, int macvlans[static FAMILY_COUNT]);
/* Ends, or begins, their silence. */
MUST_USE int place_set_up(struct macvlan_socket *socket, const int macvlans[static FAMILY_COUNT], bool up);
void place_clear(struct macvlan_socket *socket, int macvlans[static FAMILY_COUNT]);

/* The first error of either is returned, the rest is still done. `write` is address_install or address_renew. */
typedef int place_fn(
	struct address_socket *socket, int ifindex, const struct prefix *list, size_t count, unsigned lease_s);
MUST_USE int place_write(struct address_socket *socket, const struct fence_vip *vip, place_fn *write, unsigned lease_s);
MUST_USE int place_remove(struct address_socket *socket, const struct fence_vip *vip);

#endif
