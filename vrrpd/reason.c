/* SPDX-License-Identifier: MIT */
#include "vrrpd/reason.h"

#include <stdio.h>

const char *reason_of(const struct view_vip *vip, char buffer[static REASON_MAX])
{
	if (vip->fsm.state == VRRP_FAULT && vip->fsm.facts.link_ok &&
		(vip->fsm.facts.lan_dead || vip->fsm.facts.group_fault)) {
		snprintf(buffer, REASON_MAX, "%s", vip->fsm.reason);
	} else if (vip->fsm.state == VRRP_FAULT && vip->fsm.facts.maintenance) {
		snprintf(buffer, REASON_MAX, "this node is in maintenance until `lbctl maintenance off`");
	} else if (vip->fsm.state == VRRP_FAULT && vip->fsm.facts.link_ok && vip->fault.kind != NULL) {
		snprintf(buffer, REASON_MAX, "tracked %s %s: %s", vip->fault.kind, vip->fault.name, vip->fault.why);
	} else if (vip->link_fault[0] != '\0') {
		snprintf(buffer, REASON_MAX, "%s", vip->link_fault);
	} else if (vip->lan_alarm != DOUBT_NONE) {
		snprintf(buffer, REASON_MAX, "%s; %s", vip->fsm.reason, doubt_alarm_text(vip->lan_alarm));
	} else if (vip->misfit[0] != '\0') {
		snprintf(buffer, REASON_MAX, "%s; %s", vip->fsm.reason, vip->misfit);
	} else if (vip->rival[0] != '\0') {
		snprintf(buffer, REASON_MAX, "%s; another host, %s, says that it has the address", vip->fsm.reason,
			vip->rival);
	} else if (vip->verdict.reason != HEALTH_REASON_NONE) {
		snprintf(buffer, REASON_MAX, "%s; %s", vip->fsm.reason, health_reason_text(vip->verdict.reason));
	} else if (vip->failed.kind != NULL) {
		snprintf(buffer, REASON_MAX, "%s; tracked %s %s: %s", vip->fsm.reason, vip->failed.kind,
			vip->failed.name, vip->failed.why);
	} else if (vip->fsm.yielding) {
		snprintf(buffer, REASON_MAX, "%s; yields to the peer until it is asked back or the peer fails",
			vip->fsm.reason);
	} else {
		snprintf(buffer, REASON_MAX, "%s", vip->fsm.reason);
	}
	return buffer;
}
