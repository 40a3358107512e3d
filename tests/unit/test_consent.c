/* SPDX-License-Identifier: MIT */
#include "vrrpd/consent.h"

#include "tests/unit/unit.h"

/* A vip as it stands here, and what is said to each request. */
static const struct {
	const char *name;
	enum vrrp_state state;
	uint8_t priority;
	bool leaving, unbound, unready, group_unready, penalised, maintenance;
	bool pending, offered;
	/* What follows. */
	bool starts;
	enum consent offer, ask;
} cases[] = {
	{"active", .state = VRRP_ACTIVE, .starts = true, .offer = CONSENT_GIVEN, .ask = CONSENT_GIVEN},
	{"an owner", .state = VRRP_ACTIVE, .priority = 255, .offer = CONSENT_GIVEN, .ask = CONSENT_GIVEN},
	{"active, and offered", .state = VRRP_ACTIVE, .pending = true, .offered = true, .offer = CONSENT_REFUSED,
		.ask = CONSENT_SILENT},
	{"active, and tried", .state = VRRP_ACTIVE, .pending = true, .offer = CONSENT_GIVEN, .ask = CONSENT_SILENT},
	{"about to leave", .state = VRRP_ACTIVE, .leaving = true, .starts = true, .offer = CONSENT_SILENT,
		.ask = CONSENT_GIVEN},
	{"a backup", .state = VRRP_BACKUP, .starts = true, .offer = CONSENT_GIVEN, .ask = CONSENT_REFUSED},
	{"a backup that has asked", .state = VRRP_BACKUP, .pending = true, .offer = CONSENT_GIVEN,
		.ask = CONSENT_SILENT},
	{"a backup that is not ready", .state = VRRP_BACKUP, .unready = true, .offer = CONSENT_REFUSED,
		.ask = CONSENT_REFUSED},
	{"a backup without lbd", .state = VRRP_BACKUP, .unbound = true, .offer = CONSENT_REFUSED,
		.ask = CONSENT_REFUSED},
	{"a backup whose group is not ready", .state = VRRP_BACKUP, .group_unready = true, .offer = CONSENT_REFUSED,
		.ask = CONSENT_REFUSED},
	{"a backup that lacks what it tracks", .state = VRRP_BACKUP, .penalised = true, .offer = CONSENT_REFUSED,
		.ask = CONSENT_REFUSED},
	{"it has left, and its offer is not answered", .state = VRRP_BACKUP, .pending = true, .offered = true,
		.offer = CONSENT_REFUSED, .ask = CONSENT_SILENT},
	{"in maintenance", .state = VRRP_FAULT, .maintenance = true, .offer = CONSENT_REFUSED, .ask = CONSENT_REFUSED},
	{"at fault", .state = VRRP_FAULT, .offer = CONSENT_REFUSED, .ask = CONSENT_REFUSED},
	{"starting", .state = VRRP_INITIALIZE, .offer = CONSENT_REFUSED, .ask = CONSENT_REFUSED},
};

static void requests_are_answered_as_the_vip_stands(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct vrrp_fsm fsm = {
			.state = cases[i].state,
			.conf = {.priority = cases[i].priority != 0 ? cases[i].priority : 100},
			.facts = {.bound = !cases[i].unbound,
				.ready = !cases[i].unready,
				.group_unready = cases[i].group_unready,
				.self_penalised = cases[i].penalised,
				.maintenance = cases[i].maintenance},
			.leave_at = {cases[i].leaving ? NS_PER_S : 0},
		};
		const char *why = NULL, *why_not = NULL;
		enum consent offer = consent_to_offer(&fsm, cases[i].offered, &why);
		enum consent ask = consent_to_ask(&fsm, cases[i].pending, &why_not);

		if ((consent_refuse_start(&fsm, cases[i].pending) == NULL) != cases[i].starts ||
			offer != cases[i].offer || ask != cases[i].ask)
			fail_msg("%s: an offer %d, an ask %d", cases[i].name, (int)offer, (int)ask);
		/* Each refusal has its reason. */
		assert_int_equal(why != NULL, offer == CONSENT_REFUSED);
		assert_int_equal(why_not != NULL, ask == CONSENT_REFUSED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered_as_the_vip_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
