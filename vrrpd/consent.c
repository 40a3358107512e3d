/* SPDX-License-Identifier: MIT */
#include "vrrpd/consent.h"

static const char *refuse_state(const struct vrrp_fsm *fsm)
{
	switch (fsm->state) {
	case VRRP_ACTIVE:
		return fsm->conf.priority == VRRP_PRIORITY_OWNER ? "the active node owns the address (priority 255)"
								 : NULL;
	case VRRP_BACKUP:
		return vrrp_refuse_take(fsm);
	case VRRP_FAULT:
		return fsm->facts.maintenance ? "this node is in maintenance" : "the vip is at fault here";
	case VRRP_INITIALIZE:
	case VRRP_STATE_COUNT:
		break;
	}
	return "vrrpd is starting or stopping";
}

const char *consent_refuse_start(const struct vrrp_fsm *fsm, bool pending)
{
	const char *reason = refuse_state(fsm);

	return reason == NULL && pending ? "a failover of this vip is under way" : reason;
}

enum consent consent_to_offer(const struct vrrp_fsm *fsm, bool offered, const char **ret_reason)
{
	const char *reason;

	/* Whoever is about to leave would consent and leave all the same: the offer's next copy comes after that. */
	if (vrrp_is_leaving(fsm))
		return CONSENT_SILENT;
	/*
	 * While an offer of ours waits for its answer, the peer's of the same vip is no way to get it back: where two
	 * were active, and both offered it, each would leave by the other's consent; and a further copy of ours would
	 * move it again.
	 */
	reason = offered ? "a failover of this vip is under way there" : vrrp_refuse_take(fsm);
	if (reason == NULL)
		return CONSENT_GIVEN;
	*ret_reason = reason;
	return CONSENT_REFUSED;
}

enum consent consent_to_ask(const struct vrrp_fsm *fsm, bool pending, const char **ret_reason)
{
	/* The same ask again, most likely: its answer comes with the offer's end. The vip may have left by then, when
	 * the peer's advert came before its answer. */
	if (pending)
		return CONSENT_SILENT;
	if (fsm->state == VRRP_ACTIVE)
		return CONSENT_GIVEN;
	*ret_reason = "it is not active there";
	return CONSENT_REFUSED;
}
