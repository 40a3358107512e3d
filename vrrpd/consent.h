/* SPDX-License-Identifier: MIT */
/*
 * A planned failover (DESIGN section 5.6): whether this node begins one, and what it answers to the peer's. The active
 * node offers a vip, and the other consents and takes it; a backup asks the active node to offer it. Pure; handover.c
 * sends, repeats and remembers.
 */
#ifndef LBPAIR_VRRPD_CONSENT_H
#define LBPAIR_VRRPD_CONSENT_H

#include "vrrpd/fsm.h"

enum consent {
	CONSENT_SILENT, /* no answer now: a copy of the request, or the end of what is under way, brings one */
	CONSENT_REFUSED,
	CONSENT_GIVEN,
};

/* Why this node begins none; NULL: it does. `pending`: one that it began is under way. */
const char *consent_refuse_start(const struct vrrp_fsm *fsm, bool pending);
/* To the peer's offer. `offered`: this node has offered it to the peer, and not for a trial. A literal where refused.
 */
MUST_USE enum consent consent_to_offer(const struct vrrp_fsm *fsm, bool offered, const char **ret_reason);
/* To the peer's ask that this node offers it. CONSENT_GIVEN: it is to begin. */
MUST_USE enum consent consent_to_ask(const struct vrrp_fsm *fsm, bool pending, const char **ret_reason);

#endif
