/* SPDX-License-Identifier: MIT */
/*
 * Which vip of one configuration goes on as which of another, and what of it is another. Pure.
 *
 * A vip is known by its name. One of another VRID, interface or version, or one that gets or loses its virtual MAC, is
 * another virtual router: the old one goes and the new one begins.
 */
#ifndef LBPAIR_VRRPD_SUCCESSION_H
#define LBPAIR_VRRPD_SUCCESSION_H

#include "common/model/conf.h"

/* The vip of `conf` that `vip`, of another configuration, is the same virtual router as; NULL: there is none. */
const struct vip_conf *succession_find(const struct conf *conf, const struct vip_conf *vip);

enum {
	SUCCESSION_ADDRESSES = 1 << 0, /* of the list, or of its order */
	SUCCESSION_LEASE = 1 << 1,
	SUCCESSION_ADVERT = 1 << 2,   /* what its adverts say, how they are signed or where they go */
	SUCCESSION_ELECTION = 1 << 3, /* what its state machine goes by */
	SUCCESSION_GARP = 1 << 4,
};
/* What differs between two that are the same virtual router; what is only looked up when it is needed is left out. */
unsigned succession_changes(const struct vip_conf *before, const struct vip_conf *after);

/* The addresses of an advert, and the link-local one that is added. */
#define SUCCESSION_LIST_MAX 256
/* The addresses of `vip` that `other` has not; returns their number. */
size_t succession_missing(
	const struct vip_conf *vip, const struct vip_conf *other, struct prefix ret_list[static SUCCESSION_LIST_MAX]);

#endif
