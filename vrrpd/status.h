/* SPDX-License-Identifier: MIT */
/* vrrpd's half of `lbctl status --json` (DESIGN section 4), and the words of `lbctl explain`. */
#ifndef LBPAIR_VRRPD_STATUS_H
#define LBPAIR_VRRPD_STATUS_H

#include "common/pure/text.h"
#include "vrrpd/agent.h"

#include <jansson.h>

/* A new reference, or NULL: out of memory. */
MUST_USE json_t *status_json(struct agent *agent);
/* Why the vip is as it is here, what would change it, and the last decisions. */
void status_explain(struct agent *agent, const struct vip *vip, struct text *out);

#endif
