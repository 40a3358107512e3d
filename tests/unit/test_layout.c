/* SPDX-License-Identifier: MIT */
/* What is the same thing under another configuration, and what is another. */
#include "lbd/layout.h"

#include "tests/unit/unit.h"

#include <string.h>

static const char pair[] = "pair { node a { address = 192.0.2.1 } node b { address = 192.0.2.2 } }\n";

static struct conf *parse(const char *sections)
{
	AUTO_TEXT text = {0};
	AUTO_TEXT errors = {0};
	struct conf *conf = NULL;

	text_addf(&text, "%s%s", pair, sections);
	if (conf_parse("test", text_get(&text), text.length, &conf, &errors) < 0)
		fail_msg("%s", text_get(&errors));
	return conf;
}

/* The next one, which takes the place of `*layout`. */
static void go_on(struct layout **layout, const char *sections)
{
	struct conf *conf = parse(sections);
	struct layout *next;

	assert_int_equal(layout_next(*layout, conf, &next), 0);
	conf_unref(conf);
	layout_free(*layout);
	*layout = next;
}

static uint32_t server(const struct layout *layout, const char *name)
{
	uint32_t slot = layout_find_server(layout, name);

	assert_true(slot != LAYOUT_NO_SLOT);
	assert_string_equal(layout->servers[slot].name, name);
	assert_false(layout->servers[slot].leaving);
	return slot;
}

#define SERVICE "service web { listen = { \"192.0.2.9:80\" } pool = blue }\n"

static void what_stays_has_its_slot(void **state)
{
	struct layout *layout = NULL;
	uint32_t pool, b;

	(void)state;
	go_on(&layout, SERVICE "pool blue { server a { address = \"192.0.2.3:80\" } server b { address = "
			       "\"192.0.2.4:80\" } }\n");
	pool = layout_pool_of(layout, &layout->conf->pools[0]);
	b = server(layout, "blue/b");
	/* Another pool before it, another order, another weight. */
	go_on(&layout, "pool apple { server z { address = \"192.0.2.5:80\" } }\n" SERVICE
		       "pool blue { server b { address = \"192.0.2.4:80\" weight = 1 } server c { address = "
		       "\"192.0.2.5:80\" } }\n");
	assert_int_equal(layout_pool_of(layout, &layout->conf->pools[1]), pool);
	assert_int_equal(server(layout, "blue/b"), b);
	assert_int_equal(layout->servers[b].conf->weight, 1);
	assert_int_equal(layout->pools[pool].servers[0], b);
	assert_int_equal(layout_pool_of(layout, layout->services[layout->service_of[0]].conf->pools[0].pool), pool);
	assert_int_equal(layout_find_server(layout, "blue/a"), LAYOUT_NO_SLOT);
	layout_free(layout);
}

static void what_leaves_stays_until_it_is_released(void **state)
{
	struct layout *layout = NULL;
	uint32_t a, pool, service;

	(void)state;
	go_on(&layout, SERVICE "pool blue { server a { address = \"192.0.2.3:80\" } }\n");
	a = server(layout, "blue/a");
	service = layout->service_of[0];
	pool = layout->pool_of[0];
	go_on(&layout, "");
	go_on(&layout, "");
	assert_true(layout->servers[a].leaving);
	assert_string_equal(layout->servers[a].name, "blue/a");
	assert_string_equal(layout->servers[a].conf->name, "a");
	assert_true(layout->pools[pool].leaving);
	assert_int_equal(layout->pools[pool].server_count, 0);
	assert_true(layout->services[service].leaving);
	assert_int_equal(layout_pool_of(layout, layout->services[service].conf->pools[0].pool), pool);
	layout_release_service(layout, service);
	layout_release_server(layout, a);
	layout_release_pool(layout, pool);
	assert_null(layout->servers[a].conf);
	assert_null(layout->pools[pool].conf);
	assert_null(layout->services[service].conf);
	go_on(&layout, "");
	assert_int_equal(layout->server_count, 0);
	assert_int_equal(layout->service_count, 0);
	layout_free(layout);
}

/* The first is there, then the second; whether they are one. */
static const struct {
	const char *first;
	const char *second;
	bool same;
} services[] = {
	{"service s { listen = { \"192.0.2.9:80\" } pool = p }", "service s { listen = { \"192.0.2.9:81\" } pool = p }",
		true},
	{"service s { listen = { \"192.0.2.9:80\" } pool = p }", "service s { listen = { \"192.0.2.9:80\" } pool = q }",
		true},
	{"service s { listen = { \"192.0.2.9:80\" } pool = p }", "service t { listen = { \"192.0.2.9:80\" } pool = p }",
		false},
	{"service s { listen = { \"192.0.2.9:80\" } pool = p }",
		"service s { listen = { \"192.0.2.9:80\" } pool = p protocol = udp }", false},
};

static void services_are_known_by_name_and_protocol(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		struct layout *layout = NULL;
		AUTO_TEXT first = {0};
		AUTO_TEXT second = {0};
		uint32_t slot;

		text_addf(&first, "%s pool p { } pool q { }", services[i].first);
		text_addf(&second, "%s pool p { } pool q { }", services[i].second);
		go_on(&layout, text_get(&first));
		slot = layout->service_of[0];
		go_on(&layout, text_get(&second));
		assert_int_equal(layout->service_of[0] == slot, services[i].same);
		assert_int_equal(layout->services[slot].leaving, !services[i].same);
		layout_free(layout);
	}
}

static void a_changed_address_is_another_server(void **state)
{
	struct layout *layout = NULL;
	uint32_t before;

	(void)state;
	go_on(&layout, "pool p { server a { address = \"192.0.2.3:80\" } }");
	before = server(layout, "p/a");
	go_on(&layout, "pool p { server a { address = \"192.0.2.3:81\" } }");
	assert_true(server(layout, "p/a") != before);
	assert_true(layout->servers[before].leaving);
	assert_int_equal(layout->servers[before].conf->address.port, 80);
	/* And back, while the first has connections still. */
	go_on(&layout, "pool p { server a { address = \"192.0.2.3:80\" } }");
	assert_int_equal(server(layout, "p/a"), before);
	layout_free(layout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_has_its_slot),
		cmocka_unit_test(what_leaves_stays_until_it_is_released),
		cmocka_unit_test(services_are_known_by_name_and_protocol),
		cmocka_unit_test(a_changed_address_is_another_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
