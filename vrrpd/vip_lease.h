/* SPDX-License-Identifier: MIT */
/*
 * The addresses of a vip, which are a lease (DESIGN section 5.1; lease.h): installs, renews and removes them, and mends
 * what others have done to them.
 */
#ifndef LBPAIR_VRRPD_VIP_LEASE_H
#define LBPAIR_VRRPD_VIP_LEASE_H

#include "vrrpd/vip_types.h"

/* The vip's from now on. They are installed once no advert is due, and announced then. */
void vip_lease_begin(struct vip *vip);
/* The addresses go; then, where there is a `goodbye`, an advert of that priority is sent. */
void vip_lease_end(struct vip *vip, const uint8_t *goodbye);
/* They are about to go: for others the vip is still held. */
bool vip_lease_is_leaving(const struct vip *vip, struct mono now);
/* For scribe_new, with the struct vip_shared. */
write_fn vip_lease_written;

/*
 * Another configuration: those of its addresses that `after` has not go now; with vip_lease_change come those that are
 * added, and the whole has another length.
 */
void vip_lease_shrink(struct vip *vip, const struct vip_conf *after);
void vip_lease_change(struct vip *vip, bool adds, bool lasts_otherwise);

/*
 * An address of the vip that somebody else has put onto that interface, in whatever network: it goes, unless the vip is
 * held, and there.
 */
void vip_address_strays(struct vip *vip, int ifindex, const struct prefix *address);
/* Somebody else has taken down an interface that carries the virtual MAC. */
void vip_place_down(struct vip *vip);
/* An address has gone from that interface, by whomever. */
void vip_address_gone(struct vip *vip, int ifindex, const struct prefix *address);
/* Before an interface is used: makes the macvlans that the vip wants above it. */
MUST_USE int vip_prepare(struct vip *vip, int ifindex);
/* Whether the vip's addresses sit on that interface. */
bool vip_sits_on(const struct vip *vip, int ifindex);
bool vip_has_address(const struct vip *vip, const struct ip *ip);

#endif
