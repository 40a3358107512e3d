/* SPDX-License-Identifier: MIT */
/* The facts as a table: each row changes some of what a node in good order knows, and what must follow. */
#include "vrrpd/facts.h"

#include "tests/unit/unit.h"
#include "vrrpd/lease.h"

#include <arpa/inet.h>
#include <string.h>

#define VIP_ID 7

static const struct service_conf service_confs[] = {{.name = "web"}};
static const struct pool_conf pool_confs[] = {
	{.check = {.kind = CHECK_TCP, .interval_ns = 2 * NS_PER_S, .timeout_ns = NS_PER_S}}};
static const struct conf conf = {
	.hash = "0123456789abcdef",
	.services = service_confs,
	.service_count = ARRAY_LEN(service_confs),
	.pools = pool_confs,
	.pool_count = ARRAY_LEN(pool_confs),
};

static const struct {
	const char *name;
	bool no_peer, peer_active, peer_without_carrier, peer_on_lan, peer_hears, peer_hears_nobody, active_here,
		silent_here, mute_here, given_up, dead_here, peer_holds_back;
	enum peer_health own, peer;
	bool unbound, unchecked, down_here;
	int link_back_s;                  /* 0: it was never away */
	unsigned penalty, peer_effective; /* 0: the configured one, 100 */
	bool fault, unsure;
	/* What follows. */
	bool ready, holds, on_lan, sicker;
	uint8_t priority;
	bool peer_penalised, self_penalised, lan_dead;
} cases[] = {
	{"all is well", .ready = true, .priority = 150},
	{"nobody else is heard", .no_peer = true, .ready = true, .priority = 150},
	{"the peer holds the vip", .peer_active = true, .ready = true, .holds = true, .priority = 150},
	{"and says so on this LAN", .peer_active = true, .peer_on_lan = true, .ready = true, .holds = true,
		.on_lan = true, .priority = 150},
	{"and hears others on its LAN", .peer_active = true, .peer_hears = true, .ready = true, .holds = true,
		.on_lan = true, .priority = 150},
	{"but hears nobody on its LAN", .peer_active = true, .peer_hears_nobody = true, .ready = true, .priority = 150},
	{"but those whom it did not ask", .peer_active = true, .peer_hears = true, .peer_hears_nobody = true,
		.ready = true, .holds = true, .on_lan = true, .priority = 150},
	{"but this node", .peer_active = true, .peer_hears_nobody = true, .peer_on_lan = true, .ready = true,
		.holds = true, .on_lan = true, .priority = 150},
	{"both hold it, and nobody answers here", .active_here = true, .silent_here = true, .peer_active = true,
		.peer_hears = true, .ready = true, .holds = true, .on_lan = true, .priority = 150, .lan_dead = true},
	{"and the peer, which may know nobody, hears nobody either", .active_here = true, .silent_here = true,
		.peer_active = true, .ready = true, .holds = true, .priority = 150},
	{"nor does anybody the peer", .active_here = true, .silent_here = true, .peer_active = true,
		.peer_hears_nobody = true, .ready = true, .priority = 150},
	{"but the peer does", .active_here = true, .silent_here = true, .peer_active = true, .peer_on_lan = true,
		.ready = true, .holds = true, .on_lan = true, .priority = 150},
	{"nobody answers here, and the peer does not hold it", .active_here = true, .silent_here = true, .ready = true,
		.priority = 150},
	{"nobody answers a backup", .silent_here = true, .peer_active = true, .ready = true, .holds = true,
		.priority = 150},
	{"who gave the vip up hears others, and nobody answers", .given_up = true, .mute_here = true,
		.peer_active = true, .ready = true, .holds = true, .priority = 150, .lan_dead = true},
	{"and somebody answers", .given_up = true, .peer_active = true, .ready = true, .holds = true, .priority = 150},
	{"and the peer no longer holds it", .given_up = true, .mute_here = true, .silent_here = true, .ready = true,
		.priority = 150},
	{"an active node is heard by nobody, but hears others", .active_here = true, .mute_here = true,
		.peer_active = true, .ready = true, .holds = true, .priority = 150},
	{"what answers the peer does not answer here", .active_here = true, .dead_here = true, .ready = true,
		.priority = 150, .lan_dead = true},
	{"nor what answered the peer, which nobody answers any more", .given_up = true, .dead_here = true,
		.peer_active = true, .peer_hears_nobody = true, .ready = true, .priority = 150},
	{"but which hears this node", .given_up = true, .dead_here = true, .peer_active = true,
		.peer_hears_nobody = true, .peer_on_lan = true, .ready = true, .holds = true, .on_lan = true,
		.priority = 150, .lan_dead = true},
	{"nor does anybody answer the peer any more, a backup", .active_here = true, .dead_here = true,
		.peer_hears_nobody = true, .ready = true, .priority = 150},
	{"but the peer may not claim yet", .active_here = true, .dead_here = true, .peer_holds_back = true,
		.ready = true, .priority = 150},
	{"or cannot serve", .active_here = true, .dead_here = true, .peer = PEER_HEALTH_DEAD, .ready = true,
		.sicker = true, .priority = 150},
	{"or is not heard", .active_here = true, .dead_here = true, .no_peer = true, .ready = true, .priority = 150},
	{"a backup on this LAN holds nothing", .peer_on_lan = true, .ready = true, .priority = 150},
	{"nor does who lost the carrier", .peer_active = true, .peer_without_carrier = true, .peer_on_lan = true,
		.ready = true, .priority = 150},
	{"not bound", .own = PEER_HEALTH_NOT_BOUND, .unbound = true, .priority = 150},
	{"not checked", .unchecked = true, .priority = 150},
	{"down here, up at the peer", .down_here = true, .priority = 150},
	{"down here, with no peer to compare", .no_peer = true, .down_here = true, .ready = true, .priority = 150},
	{"down here since the link came back, and the peer's word is awaited", .no_peer = true, .down_here = true,
		.link_back_s = 9, .priority = 150},
	{"but not for ever", .no_peer = true, .down_here = true, .link_back_s = 10, .ready = true, .priority = 150},
	{"the peer's lbd is dead", .peer = PEER_HEALTH_DEAD, .ready = true, .sicker = true, .priority = 150},
	{"the link came back, and a check may be older", .link_back_s = 2, .priority = 150},
	{"the link came back a check ago", .link_back_s = 3, .ready = true, .priority = 150},
	{"a penalty", .penalty = 60, .ready = true, .priority = 90, .self_penalised = true},
	{"a penalty with nobody else heard", .penalty = 60, .no_peer = true, .ready = true, .priority = 90},
	{"more penalty than there is", .penalty = 250, .ready = true, .priority = 2, .self_penalised = true},
	{"a penalty on a node without lbd, and it has not just started", .penalty = 60, .own = PEER_HEALTH_DEAD,
		.unbound = true, .priority = 1, .self_penalised = true},
	{"the peer has one", .peer_effective = 40, .ready = true, .priority = 150, .peer_penalised = true},
	{"both have the same", .penalty = 60, .peer_effective = 40, .ready = true, .priority = 90},
	{"the peer's is greater", .penalty = 20, .peer_effective = 40, .ready = true, .priority = 130,
		.peer_penalised = true},
	{"a tracked fault", .fault = true, .ready = true, .priority = 150},
	{"something tracked is in doubt", .unsure = true, .ready = true, .priority = 150},
};

static void facts_follow_from_what_is_known(void **state)
{
	static struct peer_message heartbeat;
	struct vrrp_conf vrrp = {.priority = 150, .interval_ns = 100 * NS_PER_MS};
	struct mono now = {100 * NS_PER_S};
	struct vrrp_fsm fsm;

	(void)state;
	vrrp_init(&fsm, &vrrp, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct liveness_service service = {.name = "web", .up = !cases[i].down_here};
		struct facts_input input = {
			.conf = &conf,
			.interval_ns = vrrp.interval_ns,
			.link_ok = true,
			.source = {.family = AF_INET, .bytes = {192, 0, 2, 11}},
			.lbd_wanted = true,
			.view = {.health = cases[i].own,
				.bound = !cases[i].unbound,
				.checked = !cases[i].unchecked,
				.services = &service,
				.service_count = 1},
			.heartbeat = cases[i].no_peer ? NULL : &heartbeat,
			.other = cases[i].no_peer ? NULL : &heartbeat.vips[0],
			.peer_on_lan = cases[i].peer_on_lan,
			.lan_silent = cases[i].silent_here,
			.lan_mute = cases[i].mute_here,
			.lan_dead = cases[i].dead_here,
			.tracked = {.penalty = cases[i].penalty, .fault = cases[i].fault, .unsure = cases[i].unsure},
			.tracks_services = i % 2 == 0,
			.peer_priority = 100,
		};
		struct health_verdict verdict;
		struct health_fsm health;
		struct vrrp_facts facts;

		memset(&heartbeat, 0, sizeof heartbeat);
		strcpy(heartbeat.config_hash, conf.hash);
		heartbeat.health = cases[i].peer;
		heartbeat.service_count = 1;
		heartbeat.services_up[0] = 1;
		heartbeat.vip_count = 1;
		heartbeat.vips[0] = (struct peer_vip){.id = VIP_ID,
			.lan_heard = cases[i].peer_hears,
			.lan_mute = cases[i].peer_hears_nobody,
			.holds_back = cases[i].peer_holds_back,
			.state = cases[i].peer_active ? PEER_VIP_ACTIVE : PEER_VIP_BACKUP,
			.effective_priority = (uint8_t)(cases[i].peer_effective != 0 ? cases[i].peer_effective : 100),
			.carrier = !cases[i].peer_without_carrier};
		if (cases[i].link_back_s != 0)
			input.link_ok_at = mono_add(now, -cases[i].link_back_s * NS_PER_S);
		health_init(&health, (struct mono){NS_PER_S});
		fsm.facts.lan_dead = cases[i].given_up;
		fsm.state = cases[i].active_here ? VRRP_ACTIVE : VRRP_BACKUP;
		facts = facts_gather(&input, &fsm, &health, now, &verdict);
		if (facts.ready != cases[i].ready || facts.peer_holds != cases[i].holds ||
			facts.peer_on_lan != cases[i].on_lan || facts.peer_sicker != cases[i].sicker ||
			facts.priority != cases[i].priority)
			fail_msg("%s: ready %d, holds %d, on LAN %d, sicker %d, priority %u", cases[i].name,
				facts.ready, facts.peer_holds, facts.peer_on_lan, facts.peer_sicker, facts.priority);
		if (facts.lan_dead != cases[i].lan_dead)
			fail_msg("%s: lan_dead %d", cases[i].name, facts.lan_dead);
		if (facts.tracked_fault != cases[i].fault || facts.tracked_unsure != cases[i].unsure ||
			facts.peer_penalised != cases[i].peer_penalised ||
			facts.self_penalised != cases[i].self_penalised)
			fail_msg("%s: fault %d, unsure %d, penalised: the peer %d, this node %d", cases[i].name,
				facts.tracked_fault, facts.tracked_unsure, facts.peer_penalised, facts.self_penalised);
		/* An interval of the check and its timeout. */
		assert_int_equal(facts.weigh_ns, i % 2 == 0 ? 3 * NS_PER_S : 0);
		assert_true(facts_equal(&facts, &facts));
	}
}

static const struct {
	uint64_t epoch;
	int64_t boot_ms;
	bool whole;
} lease_cases[] = {
	{3, 5000, true}, {3, 6999, true}, {3, 7000, false}, /* by now the kernel has removed the addresses */
	{4, 5000, false},                                   /* the guardian has */
};

static void a_lease_is_whole_until_fenced_or_lapsed(void **state)
{
	struct lease lease = {.held = true, .renewed_boot_ns = 5 * NS_PER_S, .length_ns = 2 * NS_PER_S, .epoch = 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lease_cases); i++)
		assert_int_equal(lease_is_whole(&lease, lease_cases[i].epoch, lease_cases[i].boot_ms * NS_PER_MS),
			lease_cases[i].whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_follow_from_what_is_known),
		cmocka_unit_test(a_lease_is_whole_until_fenced_or_lapsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
