/* SPDX-License-Identifier: MIT */
/*
 * Whether a well-formed advert is for a vip and from who it says: what RFC 9568 and RFC 3768 section 7.1 want to know
 * of the vip. Whether it is new is replay.c's. Pure.
 */
#ifndef LBPAIR_VRRPD_JUDGE_H
#define LBPAIR_VRRPD_JUDGE_H

#include "common/model/conf.h"
#include "common/system/keyring.h"
#include "vrrpd/advert.h"
#include "vrrpd/family.h"

/* `sources` is what our own adverts are sent from. The vrid and the interface are the vip's. */
enum advert_discard judge_advert(const struct vip_conf *conf, const struct ip sources[static FAMILY_COUNT],
	const struct keyring *ring, const struct advert_packet *packet, const struct advert_received *received);
/* The addresses of its family that the advert speaks of are those of the vip, in whatever order. */
bool judge_same_list(const struct vip_conf *conf, const struct advert_received *received);

#endif
