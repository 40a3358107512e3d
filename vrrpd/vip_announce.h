/* SPDX-License-Identifier: MIT */
/* A vip tells its LAN where its addresses are, while they are installed (announce.h). */
#ifndef LBPAIR_VRRPD_VIP_ANNOUNCE_H
#define LBPAIR_VRRPD_VIP_ANNOUNCE_H

#include "vrrpd/vip_types.h"

/* A burst, which begins when no advert of any vip is due. */
void vip_announce(struct vip *vip);
/* Says it once, and not in a burst. */
void vip_announce_once(struct vip *vip);
/*
 * It is announced otherwise by another configuration: a burst goes on as it is; what has been waiting for the former
 * refresh waits for the next one.
 */
void vip_announce_refresh(struct vip *vip);
void vip_forget_rival(struct vip *vip);
/* The hardware address that goes with that one of its addresses. */
void vip_mac(const struct vip *vip, const struct ip *address, uint8_t ret_mac[static MONITOR_MAC_SIZE]);

#endif
