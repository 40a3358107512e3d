/* SPDX-License-Identifier: MIT */
/* vrrpd's half of `lbctl status --json` (DESIGN section 4), and the words of `lbctl explain`: made of a copy. */
#ifndef LBPAIR_VRRPD_STATUS_H
#define LBPAIR_VRRPD_STATUS_H

#include "common/pure/text.h"
#include "vrrpd/view.h"

#include <jansson.h>

/* A new reference, or NULL: out of memory. */
MUST_USE json_t *status_json(const struct view *view);
/* Why the vip is as it is here, what would change it, and the last decisions. */
void status_explain(
	const struct view *view, const struct view_vip *vip, const struct recorder *recorder, struct text *out);

#endif
