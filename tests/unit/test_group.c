/* SPDX-License-Identifier: MIT */
#include "vrrpd/group.h"

#include "tests/unit/unit.h"

/* The other vip of a group, and what it adds to the facts of this one. */
static const struct {
	const char *name;
	struct group_condition condition;
	enum vrrp_state own;
	enum peer_vip_state there;
	bool heard, peer_silent, comes_later;
	/* What follows. */
	bool fault, unready, elsewhere;
} cases[] = {
	{"all is well", .own = VRRP_ACTIVE, .there = PEER_VIP_BACKUP},
	{"at fault", {.fault = true}, .own = VRRP_FAULT, .there = PEER_VIP_ACTIVE, .fault = true},
	{"not ready", {.unready = true}, .own = VRRP_ACTIVE, .there = PEER_VIP_BACKUP, .unready = true},
	{"active there", .own = VRRP_BACKUP, .there = PEER_VIP_ACTIVE, .elsewhere = true},
	{"active there, and comes later", .own = VRRP_BACKUP, .there = PEER_VIP_ACTIVE, .comes_later = true},
	{"active there and here", .own = VRRP_ACTIVE, .there = PEER_VIP_ACTIVE},
	{"active nowhere", .own = VRRP_BACKUP, .there = PEER_VIP_BACKUP, .heard = true},
	{"heard of a silent peer", .own = VRRP_BACKUP, .there = PEER_VIP_INITIALIZE, .heard = true, .peer_silent = true,
		.elsewhere = true},
	{"not heard of a silent peer", .own = VRRP_BACKUP, .there = PEER_VIP_INITIALIZE, .peer_silent = true},
};

static void a_group_has_one_condition(void **state)
{
	static const struct peer_message heartbeat;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct vrrp_fsm fsm = {.state = cases[i].own, .heard_at = {cases[i].heard ? NS_PER_S : 0}};
		struct word word = {.state = cases[i].there};
		struct facts_input input = {.heartbeat = cases[i].peer_silent ? NULL : &heartbeat};

		group_add(&input, &(struct group_member){.fsm = &fsm,
					  .word = &word,
					  .condition = &cases[i].condition,
					  .is_before = !cases[i].comes_later});
		if (input.group_fault != cases[i].fault || input.group_unready != cases[i].unready ||
			input.group_elsewhere != cases[i].elsewhere)
			fail_msg("%s: fault %d, unready %d, elsewhere %d", cases[i].name, input.group_fault,
				input.group_unready, input.group_elsewhere);
	}
}

static void what_is_tracked_counts_once_for_all(void **state)
{
	struct vrrp_fsm fsm = {.state = VRRP_ACTIVE};
	struct word word = {0};
	struct group_condition conditions[] = {{.tracked = {.penalty = 60}},
		{.tracked = {.penalty = 20, .unsure = true}}, {.tracked = {.fault = true}}};
	struct facts_input input = {.tracked = {.penalty = 40}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		group_add(&input, &(struct group_member){
					  .fsm = &fsm, .word = &word, .condition = &conditions[i], .is_before = true});
	assert_int_equal(input.tracked.penalty, 60);
	assert_true(input.tracked.unsure);
	assert_true(input.tracked.fault);
	assert_false(input.group_fault);
}

static void the_condition_is_of_the_facts(void **state)
{
	static const struct {
		struct vrrp_facts facts;
		bool fault, unready;
	} rows[] = {
		{{.link_ok = true, .ready = true}, false, false},
		{{.ready = true}, true, false},
		{{.link_ok = true, .ready = true, .lan_dead = true}, true, false},
		{{.link_ok = true}, false, true},
		/* Of the others' it is told apart. */
		{{.link_ok = true, .ready = true, .group_fault = true, .group_unready = true}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct group_condition condition = {.tracked = {.penalty = 7}};

		group_note(&condition, &rows[i].facts);
		assert_int_equal(condition.fault, rows[i].fault);
		assert_int_equal(condition.unready, rows[i].unready);
		assert_int_equal(condition.tracked.penalty, 7);
	}
}

static void who_resigned_takes_the_others_along(void **state)
{
	struct vrrp_fsm fsm = {.state = VRRP_BACKUP};

	(void)state;
	assert_true(group_is_parted_by(&fsm));
	fsm.yielding = true;
	assert_false(group_is_parted_by(&fsm));
	fsm = (struct vrrp_fsm){.state = VRRP_FAULT};
	assert_false(group_is_parted_by(&fsm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_has_one_condition),
		cmocka_unit_test(what_is_tracked_counts_once_for_all),
		cmocka_unit_test(the_condition_is_of_the_facts),
		cmocka_unit_test(who_resigned_takes_the_others_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
