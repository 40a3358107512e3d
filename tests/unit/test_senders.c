/* SPDX-License-Identifier: MIT */
#include "vrrpd/senders.h"

#include "tests/unit/unit.h"
#include "vrrpd/advert.h"

#include <arpa/inet.h>

#define START_REAL_NS (INT64_C(1700000000) * NS_PER_S)

/* An advert that is sent at `clock_s` by its sender's clock and comes at `at_s` by ours, both since the start. */
static bool take(struct senders *senders, int sender, double clock_s, double at_s, bool *ret_news)
{
	struct senders_advert advert = {
		.sequence = advert_sequence_of(START_REAL_NS + (int64_t)(clock_s * 1e9)),
		.interval_ns = 100 * NS_PER_MS,
		.at = {NS_PER_S + (int64_t)(at_s * 1e9)},
		.real_ns = START_REAL_NS + (int64_t)(at_s * 1e9),
	};
	const struct sender *found;
	bool taken;

	advert.source = (struct ip){.family = AF_INET, .bytes = {192, 0, 2, (uint8_t)sender}};
	taken = senders_check(senders, &advert, &found, ret_news);
	assert_true(ip_equal(&found->source, &advert.source));
	return taken;
}

static void each_sender_has_its_own_mark(void **state)
{
	struct senders senders = {0};
	bool news;

	(void)state;
	assert_true(take(&senders, 1, 1.0, 1.0, &news));
	assert_true(take(&senders, 2, 0.5, 1.0, &news));
	assert_false(take(&senders, 1, 1.0, 1.1, &news));
	assert_true(news);
	assert_false(take(&senders, 1, 0.9, 1.1, &news));
	assert_false(news);
	assert_true(take(&senders, 2, 1.1, 1.1, &news));
}

static void the_longest_silent_one_is_forgotten(void **state)
{
	struct senders senders = {0};
	bool news;

	(void)state;
	for (int sender = 1; sender <= SENDERS_MAX + 1; sender++)
		assert_true(take(&senders, sender, sender, sender, &news));
	/* The second is still known, the first made room. */
	assert_false(take(&senders, 2, 2.0, 6.0, &news));
	assert_true(take(&senders, 1, 1.0, 6.0, &news));
}

static void what_was_kept_and_proven_holds_for_new_senders(void **state)
{
	struct senders senders = {.kept_sequence = advert_sequence_of(START_REAL_NS + 10 * NS_PER_S)};
	bool news;

	(void)state;
	assert_int_equal(senders_highest(&senders), senders.kept_sequence);
	assert_false(take(&senders, 1, 9.0, 9.0, &news));
	assert_true(take(&senders, 1, 10.5, 10.5, &news));

	/* Its clock is shown to be an hour ahead: what that clock says is fresh, also of one not heard before. */
	senders_prove(&senders, 1, 0, START_REAL_NS + 3611 * NS_PER_S, (struct mono){12 * NS_PER_S});
	assert_true(take(&senders, 3, 3611.5, 11.5, &news));
	assert_false(take(&senders, 3, 11.6, 11.6, &news));
}

/*
 * The sender's clock was put back by 3 s, and it started again with a sequence that it had saved a second before its
 * last: both are below what was accepted, and its clock does not carry it on. What it says of itself over the state
 * port does.
 */
static void a_sender_that_started_again_counts_on(void **state)
{
	struct senders senders = {0};
	uint64_t saved = advert_sequence_of(START_REAL_NS + 9 * NS_PER_S);
	const struct sender *found;
	bool news;

	(void)state;
	senders_prove(&senders, 1, 0, START_REAL_NS + 10 * NS_PER_S, (struct mono){11 * NS_PER_S});
	assert_true(take(&senders, 1, 10.0, 10.0, &news));
	for (int i = 0; i < 5; i++) {
		struct senders_advert advert = {
			.source = {.family = AF_INET, .bytes = {192, 0, 2, 1}},
			.sequence = saved + (uint64_t)i + 1,
			.interval_ns = 100 * NS_PER_MS,
			.at = {12 * NS_PER_S + i * 100 * NS_PER_MS},
			.real_ns = START_REAL_NS + 11 * NS_PER_S,
		};
		int64_t peer_real_ns = START_REAL_NS + 8 * NS_PER_S + i * 100 * NS_PER_MS;

		/* The word of a datagram may be here before the advert that it speaks of. */
		senders_prove(&senders, 2, saved + (uint64_t)i + (i % 2 == 1), peer_real_ns, advert.at);
		assert_true(senders_check(&senders, &advert, &found, &news));
		assert_false(senders_check(&senders, &advert, &found, &news));
	}
	/* What was recorded of its earlier life is not taken. */
	assert_false(take(&senders, 1, 9.5, 11.5, &news));
	assert_false(take(&senders, 1, 10.0, 11.6, &news));
}

/* The same, where this node has started in between: the first session that it hears of is the second one. */
static void nor_is_the_first_session_that_is_heard_its_first(void **state)
{
	struct senders senders = {0};
	uint64_t saved = advert_sequence_of(START_REAL_NS + 9 * NS_PER_S);
	struct senders_advert advert = {
		.source = {.family = AF_INET, .bytes = {192, 0, 2, 1}},
		.sequence = saved + 1,
		.interval_ns = 100 * NS_PER_MS,
		.at = {12 * NS_PER_S},
		.real_ns = START_REAL_NS + 11 * NS_PER_S,
	};
	const struct sender *found;
	bool news;

	(void)state;
	/* Its guardian's goodbye. */
	assert_true(take(&senders, 1, 10.0, 10.0, &news));
	senders_prove(&senders, 2, saved, START_REAL_NS + 8 * NS_PER_S, advert.at);
	assert_true(senders_check(&senders, &advert, &found, &news));
	assert_false(take(&senders, 1, 10.0, 11.1, &news));
}

/* The first datagram of a sender that has lost nothing, made before its last advert. */
static void a_datagram_that_was_overtaken_brings_no_advert_back(void **state)
{
	struct senders senders = {0};
	bool news;

	(void)state;
	assert_true(take(&senders, 1, 10.0, 10.0, &news));
	senders_prove(&senders, 1, advert_sequence_of(START_REAL_NS + 9900 * NS_PER_MS),
		START_REAL_NS + 9995 * NS_PER_MS, (struct mono){11 * NS_PER_S});
	assert_false(take(&senders, 1, 10.0, 10.001, &news));
	assert_true(take(&senders, 1, 10.1, 10.1, &news));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sender_has_its_own_mark),
		cmocka_unit_test(the_longest_silent_one_is_forgotten),
		cmocka_unit_test(a_sender_that_started_again_counts_on),
		cmocka_unit_test(nor_is_the_first_session_that_is_heard_its_first),
		cmocka_unit_test(a_datagram_that_was_overtaken_brings_no_advert_back),
		cmocka_unit_test(what_was_kept_and_proven_holds_for_new_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
