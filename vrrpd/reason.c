/* SPDX-License-Identifier: MIT */
#include "vrrpd/reason.h"

#include "vrrpd/rival.h"

#include <stdio.h>

/* The first thing tracked that is down; `fault`: of those that the vip cannot do without. False: none is. */
static bool find_failed(const struct agent *agent, const struct vip *vip, bool fault, struct tracker_entry *ret_entry)
{
	for (size_t i = 0; i < tracker_count(agent->tracker, vip->conf); i++) {
		*ret_entry = tracker_entry(agent->tracker, vip->conf, i);
		if (ret_entry->state == TRACK_DOWN && (!fault || ret_entry->penalty == TRACK_PENALTY_FAULT))
			return true;
	}
	return false;
}

const char *reason_of(const struct agent *agent, const struct vip *vip, char buffer[static REASON_MAX])
{
	struct tracker_entry failed;
	char mac[RIVAL_TEXT_MAX];

	if (vip->fsm.state == VRRP_FAULT && vip->fsm.facts.link_ok &&
		(vip->fsm.facts.lan_dead || vip->fsm.facts.group_fault)) {
		snprintf(buffer, REASON_MAX, "%s", vip->fsm.reason);
	} else if (vip->fsm.state == VRRP_FAULT && vip->fsm.facts.maintenance) {
		snprintf(buffer, REASON_MAX, "this node is in maintenance until `lbctl maintenance off`");
	} else if (vip->fsm.state == VRRP_FAULT && vip->fsm.facts.link_ok && find_failed(agent, vip, true, &failed)) {
		snprintf(buffer, REASON_MAX, "tracked %s %s: %s", failed.kind, failed.name, failed.why);
	} else if (vip->fsm.state == VRRP_FAULT) {
		const struct monitor_link *link = &vip->link;
		const char *what = link->ifindex == 0    ? "does not exist"
				   : !link->up           ? "is down"
				   : !link->carrier      ? "has no carrier"
				   : vip->conf->has_ipv4 ? "has no IPv4 address to send from"
							 : "has no link-local IPv6 address to send from";

		snprintf(buffer, REASON_MAX, "interface %s %s", vip->conf->interface, what);
	} else if (rival_text(vip, mac) != NULL) {
		snprintf(
			buffer, REASON_MAX, "%s; another host, %s, says that it has the address", vip->fsm.reason, mac);
	} else if (vip->verdict.reason != HEALTH_REASON_NONE) {
		snprintf(buffer, REASON_MAX, "%s; %s", vip->fsm.reason, health_reason_text(vip->verdict.reason));
	} else if (find_failed(agent, vip, false, &failed)) {
		snprintf(buffer, REASON_MAX, "%s; tracked %s %s: %s", vip->fsm.reason, failed.kind, failed.name,
			failed.why);
	} else if (vip->fsm.yielding) {
		snprintf(buffer, REASON_MAX, "%s; yields to the peer until it is asked back or the peer fails",
			vip->fsm.reason);
	} else {
		snprintf(buffer, REASON_MAX, "%s", vip->fsm.reason);
	}
	return buffer;
}
