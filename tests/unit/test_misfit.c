/* SPDX-License-Identifier: MIT */
#include "vrrpd/misfit.h"

#include "tests/unit/unit.h"

#include <string.h>

static const struct ip peer = {.family = AF_INET, .bytes = {192, 0, 2, 12}};
static const struct ip peer6 = {.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = 1}};

static struct mono at(int64_t ms)
{
	return (struct mono){1000 * NS_PER_S + ms * NS_PER_MS};
}

static void the_text_leads_to_the_cause(void **state)
{
	static struct keyring ring = {.keys[1] = {.id = 1, .size = 32}};
	static const struct {
		enum advert_discard verdict;
		enum vip_authentication authentication;
		struct advert_received received;
		const struct ip *source;
		const char *text;
	} cases[] = {
		{ADVERT_BAD_INTERVAL, VIP_AUTHENTICATION_NONE, {.version = 2, .interval_ns = 2 * NS_PER_S}, &peer,
			"adverts of 192.0.2.12 are refused: they say an interval of 2000 ms, and this node's is 1000 "
			"ms"},
		{ADVERT_BAD_COUNT, VIP_AUTHENTICATION_NONE, {.version = 2}, &peer, "they name other addresses"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_PASSWORD, {.version = 2, .auth = ADVERT_AUTH_PASSWORD}, &peer,
			"their password is another one"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_PASSWORD, {.version = 2}, &peer, "they carry no password"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_NONE, {.version = 2, .auth = ADVERT_AUTH_PASSWORD}, &peer,
			"they carry a password"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_NONE, {.version = 2, .auth = 2}, &peer, "type that is not known"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_HMAC, {.version = 3}, &peer, "they are not signed"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_HMAC, {.version = 3, .is_signed = true, .key_id = 7}, &peer,
			"signed with key 7, which this node's key file lacks"},
		{ADVERT_BAD_AUTH, VIP_AUTHENTICATION_HMAC, {.version = 3, .is_signed = true, .key_id = 1}, &peer,
			"their signature is wrong: key 1"},
		{ADVERT_BAD_VERSION, VIP_AUTHENTICATION_NONE, {.version = 3}, &peer,
			"they are of version 3, this node's of version 2"},
		{ADVERT_BAD_VRID, VIP_AUTHENTICATION_NONE, {.version = 3}, &peer6,
			"fe80::1 are refused: they are of IPv6"},
		{ADVERT_BAD_TTL, VIP_AUTHENTICATION_NONE, {.version = 3}, &peer, "they came through a router"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct vip_conf conf = {
			.version = 2, .advert_interval_ns = NS_PER_S, .authentication = cases[i].authentication};
		struct misfit misfit = {0};
		char text[MISFIT_TEXT_MAX];

		assert_true(misfit_note(&misfit, cases[i].verdict, &cases[i].received, cases[i].source, &ring, at(0)));
		misfit_text(&misfit, &conf, text);
		if (strstr(text, cases[i].text) == NULL)
			fail_msg("case %zu: %s", i, text);
	}
}

static void it_is_told_once(void **state)
{
	const struct advert_received received = {.version = 2, .interval_ns = 2 * NS_PER_S};
	struct misfit misfit = {0};

	(void)state;
	assert_true(misfit_note(&misfit, ADVERT_BAD_INTERVAL, &received, &peer, NULL, at(0)));
	assert_false(misfit_note(&misfit, ADVERT_BAD_INTERVAL, &received, &peer, NULL, at(100000)));
	assert_true(misfit_note(&misfit, ADVERT_BAD_AUTH, &received, &peer, NULL, at(100000)));
	/* Good adverts in between make it worth a second word, but not so soon. */
	misfit_clear(&misfit, at(110000));
	assert_true(misfit_note(&misfit, ADVERT_BAD_INTERVAL, &received, &peer, NULL, at(110001)));
	assert_false(misfit_note(&misfit, ADVERT_BAD_AUTH, &received, &peer, NULL, at(110002)));
}

static void it_is_current_while_nothing_else_is_taken(void **state)
{
	const struct advert_received received = {.version = 2, .interval_ns = 2 * NS_PER_S};
	const struct vip_conf conf = {.version = 2, .advert_interval_ns = NS_PER_S};
	struct misfit misfit = {0};

	(void)state;
	assert_false(misfit_is_current(&misfit, &conf, at(0)));
	assert_true(misfit_note(&misfit, ADVERT_BAD_INTERVAL, &received, &peer, NULL, at(0)));
	assert_true(misfit_is_current(&misfit, &conf, at(7999)));
	assert_false(misfit_is_current(&misfit, &conf, at(8000)));
	misfit_clear(&misfit, at(10));
	assert_false(misfit_is_current(&misfit, &conf, at(20)));
}

static void what_is_no_configuration_is_passed_over(void **state)
{
	const struct advert_received received = {.version = 3};
	struct misfit misfit = {0};

	(void)state;
	assert_false(misfit_note(&misfit, ADVERT_REPLAYED, &received, &peer, NULL, at(0)));
	assert_false(misfit_note(&misfit, ADVERT_REFLECTED, &received, &peer, NULL, at(0)));
	assert_int_equal(misfit.verdict, ADVERT_TAKEN);
}

/* RFC 9568 section 7.1: logged once, however often it is seen, and though another sender agrees. */
static void a_difference_is_told_once(void **state)
{
	struct misfit_difference difference = {0};

	(void)state;
	assert_false(misfit_differs(&difference, false, at(0)));
	assert_true(misfit_differs(&difference, true, at(10)));
	for (int64_t ms = 20; ms < 200000; ms += 10)
		assert_false(misfit_differs(&difference, ms % 20 == 0, at(ms)));
	assert_true(difference.seen_at.ns == at(199980).ns);
	assert_false(difference.now);
	assert_false(misfit_differs(&difference, true, at(199980 + 59999)));
	assert_true(difference.now);
	assert_true(misfit_differs(&difference, true, at(199980 + 59999 + 60000)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_leads_to_the_cause),
		cmocka_unit_test(it_is_told_once),
		cmocka_unit_test(it_is_current_while_nothing_else_is_taken),
		cmocka_unit_test(what_is_no_configuration_is_passed_over),
		cmocka_unit_test(a_difference_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
