/* SPDX-License-Identifier: MIT */
#include "common/pure/access.h"

#include "common/pure/hash.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX 8

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

/* `texts` ends with NULL. */
static struct access_list list_of(const char *const *texts, struct prefix prefixes[static LIST_MAX])
{
	struct access_list list = {.prefixes = prefixes};

	for (; list.count < LIST_MAX && texts[list.count] != NULL; list.count++)
		prefixes[list.count] = prefix_of(texts[list.count]);
	return list;
}

static const struct {
	const char *allow[LIST_MAX];
	const char *deny[LIST_MAX];
	const char *in[LIST_MAX];
	const char *out[LIST_MAX];
} cases[] = {
	{.in = {"0.0.0.0", "255.255.255.255", "::", "2001:db8::1"}},
	/* Without allow, all others. */
	{.deny = {"203.0.113.0/24"},
		.in = {"203.0.112.255", "203.0.114.0", "2001:db8::1"},
		.out = {"203.0.113.0", "203.0.113.255"}},
	/* With it, none but those, and no other family. */
	{.allow = {"10.0.0.0/8"},
		.in = {"10.0.0.0", "10.255.255.255"},
		.out = {"9.255.255.255", "11.0.0.0", "::a00:0"}},
	{.allow = {"0.0.0.0/0"}, .in = {"0.0.0.0", "255.255.255.255"}, .out = {"::", "2001:db8::1"}},
	{.allow = {"::/0"}, .in = {"::", "2001:db8::1"}, .out = {"0.0.0.0", "192.0.2.1"}},
	{.allow = {"0.0.0.0/0", "::/0"},
		.deny = {"2001:db8::/32"},
		.in = {"192.0.2.1", "2001:db9::"},
		.out = {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"}},
	/* Deny wins, longer or shorter or the same. */
	{.allow = {"10.0.0.0/8"},
		.deny = {"10.1.0.0/16"},
		.in = {"10.0.255.255", "10.2.0.0"},
		.out = {"10.1.0.0", "10.1.255.255"}},
	{.allow = {"10.1.2.0/24"}, .deny = {"10.1.0.0/16"}, .out = {"10.1.2.3", "10.1.0.0", "192.0.2.1"}},
	{.allow = {"10.1.2.0/25", "10.1.2.128/25"},
		.deny = {"10.1.2.0/25", "10.1.2.64/26"},
		.in = {"10.1.2.128"},
		.out = {"10.1.2.0", "10.1.2.127"}},
	{.allow = {"192.0.2.1"}, .deny = {"0.0.0.0/0"}, .in = {NULL}, .out = {"192.0.2.1", "192.0.2.2"}},
	/* Hosts, at the ends of what there is. */
	{.allow = {"255.255.255.255", "0.0.0.0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		.in = {"255.255.255.255", "0.0.0.0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		.out = {"255.255.255.254", "0.0.0.1", "::", "::2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"}},
	/* Bits behind the prefix count for nothing, and what is said twice is said. */
	{.allow = {"10.1.2.3/8", "10.0.0.0/8", "2001:db8::1/32"},
		.in = {"10.0.0.0", "10.9.9.9", "2001:db8:1::"},
		.out = {"11.0.0.0", "2001:db9::"}},
	{.allow = {"10.0.0.0/8", "10.0.0.0/12", "10.0.0.0/18", "10.0.0.0/24", "10.0.0.0/30"},
		.in = {"10.0.0.0", "10.0.0.3", "10.0.0.4", "10.200.0.0"},
		.out = {"11.0.0.0"}},
};

static void assert_verdict(const struct access *access, const char *text, bool allowed)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip), 0);
	if (access_allows(access, &ip) != allowed)
		fail_msg("%s should be %s", text, allowed ? "allowed" : "denied");
}

static void the_lists_say_who_may_come_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefix allow[LIST_MAX], deny[LIST_MAX];
		struct access *access;

		assert_int_equal(access_new(list_of(cases[i].allow, allow), list_of(cases[i].deny, deny), &access), 0);
		assert_int_equal(access == NULL, i == 0);
		for (size_t j = 0; j < LIST_MAX && cases[i].in[j] != NULL; j++)
			assert_verdict(access, cases[i].in[j], true);
		for (size_t j = 0; j < LIST_MAX && cases[i].out[j] != NULL; j++)
			assert_verdict(access, cases[i].out[j], false);
		access_unref(access_ref(access));
		access_unref(access);
	}
}

#define RANDOM_PREFIXES 300

/* Near each other, so that they lie within each other and next to each other. */
static struct prefix random_prefix(uint64_t *random)
{
	bool v6 = hash_next(random) % 2 == 0;
	unsigned bits = v6 ? 128 : 32;
	struct prefix prefix = {.ip = {.family = v6 ? AF_INET6 : AF_INET}};

	for (size_t i = 0; i < bits / 8; i++)
		prefix.ip.bytes[i] = (uint8_t)(hash_next(random) & hash_next(random) & hash_next(random) & 0x93);
	prefix.length = (uint8_t)(hash_next(random) % (bits + 1));
	return prefix;
}

static bool is_covered(const struct prefix *prefixes, const struct ip *ip)
{
	for (size_t i = 0; i < RANDOM_PREFIXES; i++) {
		if (prefix_contains(&prefixes[i], ip))
			return true;
	}
	return false;
}

static void it_agrees_with_a_search_of_the_lists(void **state)
{
	struct prefix lists[2][RANDOM_PREFIXES];
	uint64_t random = 1;
	unsigned allowed = 0, asked = 0;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct access_list allow = {lists[0], RANDOM_PREFIXES}, deny = {lists[1], RANDOM_PREFIXES / 10};
		struct access *access;

		for (size_t i = 0; i < RANDOM_PREFIXES; i++) {
			lists[0][i] = random_prefix(&random);
			lists[1][i] = lists[1][i % deny.count];
			if (i < deny.count)
				lists[1][i] = random_prefix(&random);
			/* Short ones would leave nothing to say. */
			if (lists[0][i].length < 4)
				lists[0][i].length = 4;
			if (lists[1][i].length < 12)
				lists[1][i].length = 12;
		}
		assert_int_equal(access_new(allow, deny, &access), 0);
		for (unsigned i = 0; i < 2000; i++, asked++) {
			struct ip ip = random_prefix(&random).ip;
			bool wanted = is_covered(lists[0], &ip) && !is_covered(lists[1], &ip);

			assert_int_equal(access_allows(access, &ip), wanted);
			allowed += wanted;
		}
		access_unref(access);
	}
	assert_in_range(allowed, asked / 10, asked * 9 / 10);
}

#define MANY 100000U

/* Every other /24 of as many: none of them is next to another. */
static void a_hundred_thousand_prefixes_stay_apart(void **state)
{
	struct prefix *prefixes = calloc(MANY, sizeof *prefixes);
	struct access_list none = {0}, list = {prefixes, MANY};
	struct access *access;

	(void)state;
	assert_non_null(prefixes);
	for (uint32_t i = 0; i < MANY; i++)
		prefixes[i] = (struct prefix){ip_from_v4((struct in_addr){htonl(0x0a000000 + (i << 9))}), 24};
	assert_int_equal(access_new(none, list, &access), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		struct ip in = ip_from_v4((struct in_addr){htonl(0x0a000000 + (i << 9) + i % 256)});
		struct ip out = ip_from_v4((struct in_addr){htonl(0x0a000100 + (i << 9) + i % 256)});

		assert_false(access_allows(access, &in));
		assert_true(access_allows(access, &out));
	}
	assert_in_range(access_size(access), 1, MANY * 24);
	access_unref(access);
	free(prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lists_say_who_may_come_in),
		cmocka_unit_test(it_agrees_with_a_search_of_the_lists),
		cmocka_unit_test(a_hundred_thousand_prefixes_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
