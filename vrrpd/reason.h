/* SPDX-License-Identifier: MIT */
/* Why a vip is in its state, in words for an operator: for the status, `lbctl explain` and the notify programs. */
#ifndef LBPAIR_VRRPD_REASON_H
#define LBPAIR_VRRPD_REASON_H

#include "vrrpd/parts.h"

#define REASON_MAX 512
/* `buffer`, filled. */
const char *reason_of(const struct agent *agent, const struct vip *vip, char buffer[static REASON_MAX]);

#endif
