/* SPDX-License-Identifier: MIT */
/* What `lbctl explain` says in each state: that it speaks of what holds, and not of what cannot be. */
#include "vrrpd/status.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <string.h>

struct explain_case {
	const char *name;
	struct vrrp_fsm fsm;
	enum doubt_alarm lan_alarm;
	bool unanswered;
	bool no_preempt, conflict, alone, no_forwarder, drift, list_differs, sick, mute, checked;
	const char *misfit;
	const char *says;
	const char *silent_of; /* NULL: of nothing in particular */
};

#define HEALTHY .facts = {.priority = 150, .link_ok = true, .bound = true, .ready = true}
#define BACKUP .state = VRRP_BACKUP, .conf = {.priority = 150, .preempt = true}, HEALTHY
#define ACTIVE .state = VRRP_ACTIVE, .conf = {.priority = 150, .preempt = true}, HEALTHY
#define LATER \
	{ \
		INT64_MAX / 4 \
	}

static const struct explain_case cases[] = {
	{"active", {ACTIVE}, .says = "by `lbctl failover`, when vrrpd stops", .silent_of = "ALARM"},
	{"active, the peer is not heard", {ACTIVE}, .mute = true, .says = "refused while the peer is not heard",
		.silent_of = "by `lbctl failover`"},
	{"active, preempt = no", {ACTIVE}, .no_preempt = true, .says = "not there.", .silent_of = "preempts"},
	{"active, without lbd", {ACTIVE}, .no_forwarder = true, .says = "or when the peer's priority is higher",
		.silent_of = "lbd here"},
	{"active, alone", {ACTIVE}, .alone = true, .says = "no other node that it could go to",
		.silent_of = "share no key"},
	{"active, in conflict", {ACTIVE}, .conflict = true, .says = "ALARM: another node sends adverts as well"},
	{"active, cut off", {ACTIVE}, .lan_alarm = DOUBT_ALONE,
		.says = "ALARM: nobody on its LAN answers, nor is the peer heard"},
	{"not heard by the peer", {BACKUP}, .unanswered = true,
		.says = "ALARM: what comes by its path 192.0.2.12 answers nothing that this node sends"},
	{"active, refuses", {ACTIVE}, .misfit = "adverts of X are refused: Y",
		.says = "ALARM: adverts of X are refused: Y."},
	{"active, drifted", {ACTIVE}, .drift = true, .says = "compare what `lbctl config show` says on both"},
	{"active, other addresses", {ACTIVE}, .list_differs = true, .says = "name other addresses"},
	{"owner, active", {.state = VRRP_ACTIVE, .conf = {.priority = 255}, HEALTHY},
		.says = "lbd here is in worse health than the peer's; but for that the owner",
		.silent_of = "lbctl failover"},
	{"owner, backup", {.state = VRRP_BACKUP, .conf = {.priority = 255}, HEALTHY}, .says = "this node is the owner"},
	{"backup", {BACKUP, .active_priority = 200}, .says = "The active node's priority is 200, this node's 150",
		.silent_of = "more"},
	{"backup, ready", {BACKUP}, .says = "by `lbctl failover`, when the active node resigns",
		.silent_of = "refused"},
	{"backup, the peer is not heard", {BACKUP}, .mute = true, .says = "refused while the peer is not heard",
		.silent_of = "by `lbctl failover`"},
	{"backup of an owner", {BACKUP, .active_priority = 255}, .says = "it takes no planned failover",
		.silent_of = "by `lbctl failover`"},
	{"backup, lbd not bound", {.state = VRRP_BACKUP}, .says = "refused while lbd here does not run",
		.silent_of = "by `lbctl failover`"},
	{"backup, unchecked", {.state = VRRP_BACKUP, .facts = {.bound = true}},
		.says = "refused while lbd here has not checked all servers"},
	{"backup, a service is down", {.state = VRRP_BACKUP, .facts = {.bound = true}}, .checked = true,
		.says = "refused while lbd here finds a service down that the peer has up"},
	{"backup, its group is not ready",
		{.state = VRRP_BACKUP, .facts = {.bound = true, .ready = true, .group_unready = true}},
		.says = "refused while another vip of its group is not ready here"},
	{"backup, penalised", {.state = VRRP_BACKUP, .facts = {.bound = true, .ready = true, .self_penalised = true}},
		.says = "refused while something that it tracks here has failed"},
	{"backup of 40 s",
		{.state = VRRP_BACKUP,
			.conf = {.version = 3},
			.facts.priority = 254,
			.active_interval_ns = 40 * NS_PER_S},
		.says = "falls silent for 120.31 s"},
	{"backup, preempt = no", {BACKUP}, .no_preempt = true, .says = "by no preemption (preempt = no)"},
	{"yielding", {BACKUP, .yielding = true}, .says = "given away as planned, unless the active node is sick"},
	{"held back", {.state = VRRP_BACKUP, .facts = {.bound = true, .hold_back_until = LATER}},
		.says = "After its resignation it claims nothing for"},
	{"start-delay", {BACKUP, .started_at = LATER}, .says = "(start-delay)"},
	{"preempt-delay", {BACKUP, .weaker_since = LATER}, .says = "(preempt-delay)"},
	{"waits for listeners", {.state = VRRP_BACKUP}, .says = "waits for lbd to bind its listeners"},
	{"lbd is gone", {.state = VRRP_BACKUP}, .sick = true, .says = "Until lbd serves again it has priority 1",
		.silent_of = "bind its listeners"},
	{"fault: interface", {.state = VRRP_FAULT}, .says = "when interface eth0 is there and up"},
	{"fault: maintenance too", {.state = VRRP_FAULT, .facts = {.maintenance = true}}, .says = "maintenance off"},
	{"fault: track", {.state = VRRP_FAULT, .facts = {.link_ok = true, .tracked_fault = true}},
		.says = "when what it tracks is back", .silent_of = "eth0"},
	{"fault: group", {.state = VRRP_FAULT, .facts = {.link_ok = true, .group_fault = true}},
		.says = "when each vip of its group can", .silent_of = "LAN answers"},
	{"fault: LAN", {.state = VRRP_FAULT, .facts = {.link_ok = true, .lan_dead = true}},
		.says = "when somebody on its LAN answers"},
};

static void it_says_what_holds(void **state)
{
	static struct recorder recorder;
	static const struct node_conf self = {.name = "lb1"}, other = {.name = "lb2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct explain_case *one = &cases[i];
		const struct vip_conf conf = {.name = "web", .interface = "eth0", .preempt = !one->no_preempt};
		struct view_vip vip = {.conf = &conf, .fsm = one->fsm, .conflict = one->conflict};
		const struct view view = {.self = &self,
			.other = one->alone ? NULL : &other,
			.drift = one->drift,
			.has_forwarder = !one->no_forwarder,
			.has_peer = !one->alone,
			.peer_alive = !one->mute,
			.forwarder_checked = one->checked,
			.paths = {{.address = {.family = AF_INET, .bytes = {192, 0, 2, 12}},
				.alive = true,
				.unanswered = one->unanswered}},
			.path_count = 1,
			.vips = &vip,
			.vip_count = 1};
		AUTO_TEXT out = {0};

		vip.fsm.reason = "started";
		vip.list_differs = one->list_differs;
		vip.lan_alarm = one->lan_alarm;
		vip.verdict.reason = one->sick ? HEALTH_REASON_SICK : HEALTH_REASON_NONE;
		if (one->misfit != NULL)
			strcpy(vip.misfit, one->misfit);
		status_explain(&view, &vip, &recorder, &out);
		if (strstr(out.data, one->says) == NULL)
			fail_msg("%s: does not say \"%s\": %s", one->name, one->says, out.data);
		if (one->silent_of != NULL && strstr(out.data, one->silent_of) != NULL)
			fail_msg("%s: speaks of \"%s\": %s", one->name, one->silent_of, out.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_says_what_holds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
