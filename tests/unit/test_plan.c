/* SPDX-License-Identifier: MIT */
/* Two configurations, and what a reload from one to the other says. */
#include "common/model/conf_plan.h"

#include "tests/unit/unit.h"

#include <string.h>

static const char nodes[] = "pair { node a { address = 192.0.2.1 } node b { address = 192.0.2.2 } }\n";
static const char *const sections[] = {"pair", "admin", "log", "forwarder", "vip", "service", "pool", NULL};

#define WEB "service web { listen = { \"192.0.2.9:80\" } pool = p }\n"
#define VIP(vrid, more) \
	"vip v { vrid = " vrid " interface = eth0 addresses = { 192.0.2.8/32 } authentication = none " more " }\n"
#define POOL "pool p { server a { address = \"192.0.2.3:80\" } }\n"

static const struct {
	const char *before;
	const char *after;
	const char *plan;
} cases[] = {
	{WEB POOL, WEB POOL, "nothing changes\nkept: 2 nodes, 1 service, 1 server, 1 pool\n"},
	/* Layout and order are no change. */
	{WEB POOL "pool q { }", "pool q { }  # another order\n" POOL WEB,
		"nothing changes\nkept: 2 nodes, 1 service, 2 pools, 1 server\n"},
	{WEB POOL, POOL, "- service web\nkept: 2 nodes, 1 server, 1 pool\n"},
	{POOL, WEB POOL, "+ service web\nkept: 2 nodes, 1 server, 1 pool\n"},
	/* What stands in a section comes and goes with it. */
	{"", "pool p { check tcp { } server a { address = \"192.0.2.3:80\" } }",
		"+ pool p\n+ pool p check tcp\n+ server p/a\nkept: 2 nodes\n"},
	{POOL, "", "- pool p\n- server p/a\nkept: 2 nodes\n"},
	{POOL, "pool p { server a { address = \"192.0.2.3:80\" weight = 5 } }",
		"~ server p/a  weight: 100 -> 5\nkept: 2 nodes\n"},
	/* Another address is another server. */
	{POOL, "pool p { server a { address = \"192.0.2.3:81\" } }",
		"- server p/a  address: 192.0.2.3:80 -> 192.0.2.3:81\n"
		"+ server p/a  address: 192.0.2.3:80 -> 192.0.2.3:81\nkept: 2 nodes\n"},
	{POOL, "pool p { server b { address = \"192.0.2.3:80\" } }", "- server p/a\n+ server p/b\nkept: 2 nodes\n"},
	/* So is another protocol another service. */
	{WEB POOL,
		"service web { listen = { \"192.0.2.9:80\" } pool = p protocol = udp timeouts { idle = 10m } }\n" POOL,
		"- service web  protocol: tcp -> udp\n+ service web  protocol: tcp -> udp\n"
		"kept: 2 nodes, 1 server, 1 pool\n"},
	{WEB POOL,
		"service web { listen = { \"192.0.2.9:80\", \"192.0.2.9:81\" } pool = p timeouts { idle = 5s } "
		"}\n" POOL,
		"~ service web  listen: { 192.0.2.9:80 } -> { 192.0.2.9:80, 192.0.2.9:81 }\n"
		"~ service web timeouts  idle: 10m -> 5s\nkept: 2 nodes, 1 server, 1 pool\n"},
	/* Checks go by their kind. */
	{"pool p { check tcp { } }", "pool p { check tcp { fall = 9 } }",
		"~ pool p check tcp  fall: 3 -> 9\nkept: 2 nodes\n"},
	{"pool p { check tcp { } }", "pool p { check http { } }",
		"- pool p check tcp\n+ pool p check http\nkept: 2 nodes\n"},
	{"pool p { }", "pool p { outlier { } }", "+ pool p outlier\nkept: 2 nodes\n"},
	{"", "admin { listen = { \"192.0.2.9:8404\" } }", "! admin  is new (needs a restart)\nkept: 2 nodes\n"},
	{"log { level = info }", "log { level = debug }", "~ log  level: info -> debug\nkept: 2 nodes\n"},
	{"forwarder { max-connections = 5 }", "forwarder { max-connections = 6 threads = 2 }",
		"~ forwarder  max-connections: 5 -> 6\n! forwarder  threads: auto -> 2 (needs a restart)\n"
		"kept: 2 nodes\n"},
	{VIP("5", ""), VIP("5", ""), "nothing changes\nkept: 2 nodes, 1 vip\n"},
	{"", VIP("5", "track-interface eth1 { }"), "+ vip v\n+ vip v track-interface eth1\nkept: 2 nodes\n"},
	{VIP("5", ""), "", "- vip v\nkept: 2 nodes\n"},
	{VIP("5", "track-interface eth1 { }"), VIP("5", "advert-interval = 1s track-interface eth1 { penalty = 5 }"),
		"~ vip v  advert-interval: 100ms -> 1s\n~ vip v track-interface eth1  penalty: 60 -> 5\n"
		"kept: 2 nodes\n"},
	{VIP("5", "garp { count = 2 }"), VIP("5", ""), "~ vip v garp  count: 2 -> 5\nkept: 2 nodes\n"},
	/* Another virtual router. */
	{VIP("5", ""), VIP("6", ""), "- vip v  vrid: 5 -> 6\n+ vip v  vrid: 5 -> 6\nkept: 2 nodes\n"},
	{VIP("5", ""), VIP("5", "virtual-mac = yes"),
		"- vip v  virtual-mac: no -> yes\n+ vip v  virtual-mac: no -> yes\nkept: 2 nodes\n"},
	{VIP("5", ""), VIP("5", "version = 2 advert-interval = 1s"),
		"- vip v  version: 3 -> 2\n+ vip v  version: 3 -> 2\nkept: 2 nodes\n"},
};

static struct conf *parse(const char *text)
{
	AUTO_TEXT whole = {0};
	AUTO_TEXT errors = {0};
	struct conf *conf = NULL;

	text_addf(&whole, "%s%s", nodes, text);
	if (conf_parse("test", text_get(&whole), whole.length, &conf, &errors) < 0)
		fail_msg("%s", text_get(&errors));
	return conf;
}

static void plans_say_what_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf *before = parse(cases[i].before), *after = parse(cases[i].after);
		AUTO_TEXT text = {0};
		struct plan plan;

		assert_int_equal(conf_plan(before, after, sections, &plan), 0);
		plan_print(&plan, &text);
		assert_string_equal(text_get(&text), cases[i].plan);
		plan_free(&plan);
		conf_unref(before);
		conf_unref(after);
	}
}

static void only_the_sections_that_are_asked_for(void **state)
{
	static const char *const only_pools[] = {"pool", NULL};
	struct conf *before = parse(WEB POOL), *after = parse("pool q { }");
	AUTO_TEXT text = {0};
	struct plan plan;

	(void)state;
	assert_int_equal(conf_plan(before, after, only_pools, &plan), 0);
	plan_print(&plan, &text);
	assert_string_equal(text_get(&text), "- pool p\n- server p/a\n+ pool q\n");
	plan_free(&plan);
	conf_unref(before);
	conf_unref(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_say_what_changes),
		cmocka_unit_test(only_the_sections_that_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
