/* SPDX-License-Identifier: MIT */
/* Which vip goes on as which, and what of it is another. */
#include "vrrpd/succession.h"

#include "common/pure/mono.h"
#include "tests/unit/unit.h"
#include "vrrpd/wanted.h"

#define NODES "pair { node a { address = 192.0.2.1 } node b { address = 192.0.2.2 } }\n"
#define VIP(name, options) "vip " name " { interface = eth0 authentication = none " options " }\n"
#define WEB "vrid = 5 addresses = { 192.0.2.8/32, 192.0.2.9/32 } "

static struct conf *parse(const char *text)
{
	AUTO_TEXT whole = {0};
	AUTO_TEXT errors = {0};
	struct conf *conf = NULL;

	text_addf(&whole, NODES "%s", text);
	if (conf_parse("test", text_get(&whole), whole.length, &conf, &errors) < 0)
		fail_msg("%s", text_get(&errors));
	return conf;
}

static const struct {
	const char *after;
	bool goes_on; /* the vip web of VIP("web", WEB) */
	unsigned changes;
	size_t missing; /* addresses that it has no more */
	size_t added;
} cases[] = {
	{VIP("web", WEB), true, 0, 0, 0},
	{VIP("web", WEB "preempt = no"), true, SUCCESSION_ELECTION, 0, 0},
	{VIP("web", WEB "preempt-delay = 1s"), true, SUCCESSION_ELECTION, 0, 0},
	{VIP("web", WEB "start-delay = 1s"), true, SUCCESSION_ELECTION, 0, 0},
	{VIP("web", WEB "advert-interval = 1s"), true, SUCCESSION_ELECTION | SUCCESSION_ADVERT, 0, 0},
	{VIP("web", WEB "lease = 5s"), true, SUCCESSION_LEASE, 0, 0},
	{VIP("web", WEB "garp { count = 1 }"), true, SUCCESSION_GARP, 0, 0},
	{VIP("web", WEB "checksum = rfc9568"), true, SUCCESSION_ADVERT, 0, 0},
	{VIP("web", WEB "unicast = yes"), true, SUCCESSION_ADVERT, 0, 0},
	/* What is only looked up. */
	{VIP("web", WEB "group = g notify = /bin/true track-interface eth1 { }"), true, 0, 0, 0},
	{VIP("web", "vrid = 5 addresses = { 192.0.2.9/32, 192.0.2.10/32, 192.0.2.11/32 }"), true,
		SUCCESSION_ADDRESSES | SUCCESSION_ADVERT, 1, 2},
	{VIP("web", "vrid = 5 addresses = { 192.0.2.9/32, 192.0.2.8/32 }"), true,
		SUCCESSION_ADDRESSES | SUCCESSION_ADVERT, 0, 0},
	/* A link-local address is added. */
	{VIP("web", "vrid = 5 addresses = { 192.0.2.8/32, 192.0.2.9/32, 2001:db8::8/128 }"), true,
		SUCCESSION_ADDRESSES | SUCCESSION_ADVERT, 0, 2},
	{VIP("web", "vrid = 6 addresses = { 192.0.2.8/32, 192.0.2.9/32 }"), false, 0, 0, 0},
	{VIP("web", WEB "version = 2 advert-interval = 1s"), false, 0, 0, 0},
	{VIP("web", WEB "virtual-mac = yes"), false, 0, 0, 0},
	{"vip web { interface = eth1 authentication = none " WEB " }", false, 0, 0, 0},
	{VIP("other", WEB), false, 0, 0, 0},
	{"", false, 0, 0, 0},
};

static void vips_go_on_by_their_names(void **state)
{
	struct conf *before = parse(VIP("first", "vrid = 1 addresses = { 192.0.2.7/32 }") VIP("web", WEB));
	const struct vip_conf *web = &before->vips[1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf *after = parse(cases[i].after);
		const struct vip_conf *next = succession_find(after, web);
		struct prefix list[SUCCESSION_LIST_MAX];

		assert_int_equal(next != NULL, cases[i].goes_on);
		if (next != NULL) {
			assert_int_equal(succession_changes(web, next), cases[i].changes);
			assert_int_equal(succession_missing(web, next, list), cases[i].missing);
			assert_int_equal(succession_missing(next, web, list), cases[i].added);
		}
		conf_unref(after);
	}
	conf_unref(before);
}

static void what_is_missing_is_named(void **state)
{
	struct conf *before = parse(VIP("web", WEB));
	struct conf *after = parse(VIP("web", "vrid = 5 addresses = { 192.0.2.9/32 }"));
	struct prefix list[SUCCESSION_LIST_MAX];

	(void)state;
	assert_int_equal(succession_missing(&before->vips[0], &after->vips[0], list), 1);
	assert_true(ip_equal(&list[0].ip, &before->vips[0].addresses[0].ip));
	conf_unref(before);
	conf_unref(after);
}

static const struct {
	const char *text;
	bool key, ipv4, ipv6;
	int64_t interval_ms, threshold_ms;
} wants[] = {
	{"", false, false, false, 1000, 300},
	{VIP("web", WEB), false, true, false, 100, 200},
	{VIP("web", WEB "advert-interval = 10ms"), false, true, false, 10, 100},
	{VIP("web", WEB "advert-interval = 2s") VIP("six", "vrid = 6 addresses = { 2001:db8::8/128 }"), false, true,
		true, 100, 200},
	{VIP("web", WEB "advert-interval = 2s"), false, true, false, 2000, 300},
	{"vip web { interface = eth0 " WEB " }", true, true, false, 100, 200},
};

static void parts_are_wanted_by_the_vips(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
		struct conf *conf = parse(wants[i].text);

		assert_int_equal(wanted_key(conf), wants[i].key);
		assert_int_equal(wanted_family(conf, FAMILY_IPV4), wants[i].ipv4);
		assert_int_equal(wanted_family(conf, FAMILY_IPV6), wants[i].ipv6);
		assert_int_equal(wanted_interval_ns(conf), wants[i].interval_ms * NS_PER_MS);
		assert_int_equal(wanted_threshold_ns(conf), wants[i].threshold_ms * NS_PER_MS);
		assert_ptr_equal(wanted_other(conf, &conf->pair.nodes[0]), &conf->pair.nodes[1]);
		conf_unref(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vips_go_on_by_their_names),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(parts_are_wanted_by_the_vips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
