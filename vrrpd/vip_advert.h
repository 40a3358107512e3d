/* SPDX-License-Identifier: MIT */
/* What a vip says of itself: its adverts, and its words in the fence page, by which the guardian would send them. */
#ifndef LBPAIR_VRRPD_VIP_ADVERT_H
#define LBPAIR_VRRPD_VIP_ADVERT_H

#include "vrrpd/vip_types.h"

void vip_advert_send(struct vip *vip, uint8_t priority);
/* By words that were right a moment ago; `vip` may have gone since, and is NULL then. */
void vip_advert_send_entry(struct vip_shared *shared, struct vip *vip, const struct fence_vip *entry, uint8_t priority);
/* What they are sent from. */
void vip_set_sources(struct vip *vip, const struct ip sources[static FAMILY_COUNT]);
/* An IPv4 advert of that form was accepted: it counts among those that are sent (DESIGN section 5). */
void vip_heard_form(struct vip *vip, enum advert_checksum form);
/* A bit for each enum advert_checksum that is sent. */
uint8_t vip_forms(const struct vip *vip);

/* What the guardian has to know; points into `vip`. */
struct fence_vip vip_fence_entry(const struct vip *vip);

#endif
