/* SPDX-License-Identifier: MIT */
#include "vrrpd/health.h"
const char *health_reason_text(enum health_reason reason)
{
	(void)reason;
	return "lbd";
}
void health_init(struct health_fsm *fsm, struct mono started_at)
{
	*fsm = (struct health_fsm){.started_at = started_at};
}
void health_step(struct health_fsm *fsm, const struct health_input *input, struct mono now, struct health_verdict *v)
{
	enum peer_health own = input->lbd_wanted ? input->own : PEER_HEALTH_SERVING;
	*v = (struct health_verdict){
		.effective_priority = input->configured_priority, .hold_back_until = fsm->hold_until};
	if (own == PEER_HEALTH_DEAD) {
		if (input->is_active && input->peer_known && input->peer < own) {
			v->resign = true;
			fsm->hold_until = mono_add(now, 3 * input->interval_ns);
			v->hold_back_until = fsm->hold_until;
		} else if (input->is_active || mono_diff(now, fsm->started_at) > 10 * NS_PER_S) {
			v->effective_priority = 1;
			v->reason = HEALTH_REASON_SICK;
		}
	}
}
