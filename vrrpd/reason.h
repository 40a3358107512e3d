/* SPDX-License-Identifier: MIT */
/* Why a vip is in its state, in words for an operator: for the status, `lbctl explain` and the notify programs. Pure.
 */
#ifndef LBPAIR_VRRPD_REASON_H
#define LBPAIR_VRRPD_REASON_H

#include "vrrpd/view.h"

#define REASON_MAX 512
/* `buffer`, filled. */
const char *reason_of(const struct view_vip *vip, char buffer[static REASON_MAX]);

#endif
