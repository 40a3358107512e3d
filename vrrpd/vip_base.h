/* SPDX-License-Identifier: MIT */
/* What all that works for a vip uses. */
#ifndef LBPAIR_VRRPD_VIP_BASE_H
#define LBPAIR_VRRPD_VIP_BASE_H

#include "vrrpd/vip_types.h"

/* For `lbctl events`. */
void vip_note(struct vip *vip, const char *text);
/* Setting a timer fails for want of memory alone, and then the process ends. */
void vip_check_timer(const struct vip *vip, int r);
void vip_set_timer(struct vip *vip, struct loop_timer *timer, struct mono at, loop_timer_fn *fn);

#endif
