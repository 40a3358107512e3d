/* SPDX-License-Identifier: MIT */
#include "vrrpd/word.h"

#include "tests/unit/unit.h"

#include <string.h>

/* What the peer says, one heartbeat after the other; "": nothing. "b?" is a backup that hears no adverts. */
static const struct {
	const char *name;
	const char *before;
	const char *now;
	enum vrrp_state own;
	bool resigned, hears_again;
} cases[] = {
	{"it is active", "a", "a", VRRP_BACKUP, false, false},
	{"it became active", "b", "a", VRRP_BACKUP, false, false},
	{"it left", "a", "b?", VRRP_BACKUP, true, false},
	{"it stopped", "a", "i", VRRP_BACKUP, true, false},
	{"it is at fault", "a", "f", VRRP_BACKUP, true, false},
	{"it says nothing more of the vip", "a", "", VRRP_BACKUP, true, false},
	{"it left for a third", "a", "b", VRRP_BACKUP, false, false},
	{"it left for this node", "a", "b", VRRP_ACTIVE, true, false},
	{"it left long ago", "b?", "b?", VRRP_BACKUP, false, false},
	{"it hears adverts again", "b?", "b", VRRP_ACTIVE, false, true},
	{"it hears them as before", "b", "b", VRRP_ACTIVE, false, false},
	{"it hears none any more", "b", "b?", VRRP_ACTIVE, false, false},
	{"it gave its LAN up", "b", "f?", VRRP_ACTIVE, false, false},
};

static struct peer_vip said(const char *text)
{
	static const char letters[] = {
		[PEER_VIP_INITIALIZE] = 'i', [PEER_VIP_BACKUP] = 'b', [PEER_VIP_ACTIVE] = 'a', [PEER_VIP_FAULT] = 'f'};
	struct peer_vip vip = {.missing = strchr(text, '?') != NULL};

	while (letters[vip.state] != *text)
		vip.state++;
	return vip;
}

static struct word_change take(struct word *word, const char *text)
{
	struct peer_vip vip;

	if (*text == '\0')
		return word_take(word, NULL);
	vip = said(text);
	return word_take(word, &vip);
}

static void changes_follow_from_two_heartbeats(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct word word = {0};
		struct word_change change = take(&word, cases[i].before);

		assert_false(word_resigned(&change, cases[i].own));
		assert_false(change.hears_again);
		change = take(&word, cases[i].now);
		if (word_resigned(&change, cases[i].own) != cases[i].resigned ||
			change.hears_again != cases[i].hears_again)
			fail_msg("%s: left %d, for another %d, hears again %d", cases[i].name, change.left,
				change.for_another, change.hears_again);
	}
}

/* It stopped while it heard nothing, and started again when the network was well. */
static void that_it_hears_again_is_noticed_across_its_restart(void **state)
{
	static const char *const between[] = {"i", "f", "a"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(between); i++) {
		struct word word = {0};

		(void)!take(&word, "b?").left;
		assert_false(take(&word, between[i]).hears_again);
		assert_true(take(&word, "b").hears_again);
		assert_false(take(&word, "b").hears_again);
	}
}

static void who_was_silent_is_no_longer_active(void **state)
{
	struct word word = {0};
	struct word_change change;

	(void)state;
	(void)!take(&word, "a").left;
	word_silent(&word);
	assert_int_equal(word.state, PEER_VIP_INITIALIZE);
	change = take(&word, "b?");
	assert_false(word_resigned(&change, VRRP_BACKUP));
}

/* It was active once, and what it said before it took the vip comes when this node has left. */
static void who_takes_what_was_offered_has_not_left_it(void **state)
{
	struct word word = {0};
	struct word_change change;

	(void)state;
	(void)take(&word, "a");
	word_offer(&word);
	change = take(&word, "b?");
	assert_false(word_resigned(&change, VRRP_BACKUP));
	change = take(&word, "a");
	assert_false(word_resigned(&change, VRRP_BACKUP));
	change = take(&word, "b?");
	assert_true(word_resigned(&change, VRRP_BACKUP));
}

static void each_state_has_its_word(void **state)
{
	static const enum peer_vip_state words[] = {
		[VRRP_INITIALIZE] = PEER_VIP_INITIALIZE,
		[VRRP_BACKUP] = PEER_VIP_BACKUP,
		[VRRP_ACTIVE] = PEER_VIP_ACTIVE,
		[VRRP_FAULT] = PEER_VIP_FAULT,
	};

	(void)state;
	for (enum vrrp_state own = 0; own < VRRP_STATE_COUNT; own++) {
		struct vrrp_fsm fsm = {.state = own, .facts = {.priority = 120}};
		struct peer_vip vip = word_of(7, &fsm, (struct mono){NS_PER_S});

		assert_int_equal(vip.state, words[own]);
		assert_int_equal(vip.id, 7);
		assert_int_equal(vip.effective_priority, 120);
		/* A backup that has heard nobody yet. */
		assert_int_equal(vip.missing, own == VRRP_BACKUP);
		assert_false(vip.holds_back);
		fsm.facts.hold_back_until = (struct mono){2 * NS_PER_S};
		assert_true(word_of(7, &fsm, (struct mono){NS_PER_S}).holds_back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_follow_from_two_heartbeats),
		cmocka_unit_test(that_it_hears_again_is_noticed_across_its_restart),
		cmocka_unit_test(who_was_silent_is_no_longer_active),
		cmocka_unit_test(who_takes_what_was_offered_has_not_left_it),
		cmocka_unit_test(each_state_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
