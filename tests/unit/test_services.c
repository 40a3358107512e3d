/* SPDX-License-Identifier: MIT */
#include "vrrpd/services.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct service_conf service_confs[] = {{.name = "web"}, {.name = "mail"}, {.name = "dns"}};
static const struct conf conf = {
	.hash = "0123456789abcdef", .services = service_confs, .service_count = ARRAY_LEN(service_confs)};

static struct peer_message heartbeat;

/* One letter a service, upper case: up. The peer's are in the order of the configuration. */
static struct forwarder_view view_of(const char *states, struct liveness_service services[static 3])
{
	size_t count = strlen(states);

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < conf.service_count; k++) {
			if ((states[i] | 0x20) == service_confs[k].name[0])
				snprintf(services[i].name, sizeof services[i].name, "%s", service_confs[k].name);
		}
		services[i].up = states[i] < 'a';
	}
	return (struct forwarder_view){.services = services, .service_count = count};
}

static const struct {
	const char *own;
	const char *peer;
	bool worse;
} cases[] = {
	{"WMD", "WMD", false},
	{"wMD", "WMD", true},
	{"wMD", "wMD", false},
	{"WMD", "wmd", false},
	{"DMW", "WMD", false}, /* lbd runs on another order of the same names */
	{"WM", "WMD", true},   /* and does not know one of them */
	{"wMD", "wmD", false},
};

static void compares_service_by_service(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct liveness_service own[3] = {0}, peer[3] = {0};
		struct forwarder_view own_view = view_of(cases[i].own, own);
		struct forwarder_view peer_view = view_of(cases[i].peer, peer);

		memset(&heartbeat, 0, sizeof heartbeat);
		strcpy(heartbeat.config_hash, conf.hash);
		services_fill(&conf, &peer_view, &heartbeat);
		assert_int_equal(heartbeat.service_count, 3);
		if (services_worse(&conf, &own_view, &heartbeat) != cases[i].worse)
			fail_msg("%s against %s: expected %d", cases[i].own, cases[i].peer, cases[i].worse);
		/* Lower case is down, and one that lbd does not know is not up. */
		assert_int_equal(services_any_down(&conf, &own_view),
			strpbrk(cases[i].own, "wmd") != NULL || strlen(cases[i].own) < conf.service_count);
	}
}

static void unknown_or_different_peers_are_not_compared(void **state)
{
	struct liveness_service own[3] = {0}, peer[3] = {0};
	struct forwarder_view own_view = view_of("wmd", own);
	struct forwarder_view peer_view = view_of("WMD", peer);

	(void)state;
	assert_false(services_worse(&conf, &own_view, NULL));
	memset(&heartbeat, 0, sizeof heartbeat);
	services_fill(&conf, &peer_view, &heartbeat);
	strcpy(heartbeat.config_hash, "fedcba9876543210");
	assert_false(services_worse(&conf, &own_view, &heartbeat));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_service_by_service),
		cmocka_unit_test(unknown_or_different_peers_are_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
