/* SPDX-License-Identifier: MIT */
/* A rival's claims and the answers to them, as traces: what is due when, millisecond by millisecond. */
#include "vrrpd/retort.h"

#include "tests/unit/unit.h"

#define CLAIMS_MAX 8
#define ANSWERS_MAX 8

static const struct trace {
	const char *name;
	int claims[CLAIMS_MAX]; /* ms; 0 ends the list */
	int answers[ANSWERS_MAX];
	int gone;
} traces[] = {
	{"one claim is answered at once, and again when the rival is gone", {10}, {10}, 3010},
	{"a claim within the gap is answered at its end", {10, 50}, {10, 110}, 3050},
	{"however many came", {10, 20, 30, 109}, {10, 110}, 3109},
	{"one after the gap at once", {10, 110}, {10, 110}, 3110},
	{"what is owed begins a gap of its own", {10, 50, 115}, {10, 110, 210}, 3115},
	{"who claims all the time gets one answer a gap", {10, 60, 110, 160, 210, 260}, {10, 110, 210, 310}, 3260},
	{"who comes back within the time is the same rival", {10, 3009}, {10, 3009}, 6009},
};

static struct mono at(int ms)
{
	return (struct mono){NS_PER_S + ms * NS_PER_MS};
}

static bool is_among(const int *list, size_t count, int ms)
{
	for (size_t i = 0; i < count && list[i] != 0; i++) {
		if (list[i] == ms)
			return true;
	}
	return false;
}

/* Whether something was answered at that moment. */
static bool step(const struct trace *trace, struct retort *retort, int ms)
{
	bool ticks = retort->heard_at.ns != 0 && mono_reached(retort_deadline(retort), at(ms));
	enum retort_due due = ticks ? retort_tick(retort, at(ms)) : RETORT_NOTHING;
	bool answered = due == RETORT_ANSWER;

	if ((due == RETORT_GONE) != (ms == trace->gone))
		fail_msg("%s: %s at %d ms", trace->name, due == RETORT_GONE ? "gone" : "not gone", ms);
	if (is_among(trace->claims, CLAIMS_MAX, ms) && retort_hear(retort, at(ms)))
		answered = true;
	return answered;
}

static void each_claim_is_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		const struct trace *trace = &traces[i];
		struct retort retort = {0};

		for (int ms = 1; ms <= trace->gone; ms++) {
			bool wanted = is_among(trace->answers, ANSWERS_MAX, ms);

			if (step(trace, &retort, ms) != wanted)
				fail_msg("%s: %s at %d ms", trace->name, wanted ? "no answer" : "an answer", ms);
		}
	}
}

static void an_early_tick_does_nothing(void **state)
{
	struct retort retort = {0};

	(void)state;
	assert_true(retort_hear(&retort, at(10)));
	assert_int_equal(retort_tick(&retort, at(3009)), RETORT_NOTHING);
	assert_int_equal(retort_tick(&retort, at(3010)), RETORT_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_claim_is_answered),
		cmocka_unit_test(an_early_tick_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
