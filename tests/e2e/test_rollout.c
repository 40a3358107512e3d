/* SPDX-License-Identifier: MIT */
/* Deployments under load, which nobody notices. */
#include "tests/e2e/deploy.h"
#include "tests/e2e/load.h"

#include "tests/unit/unit.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>

struct farm {
	struct lbd_process lbd;
	struct load_server servers[DEPLOY_SERVERS];
	struct endpoint back[DEPLOY_SERVERS];
	struct load load;
};

static void farm_start(struct farm *farm, uint8_t host, const char *service)
{
	struct endpoint front = free_endpoint(host);
	AUTO_TEXT sections = {0};

	for (size_t i = 0; i < DEPLOY_SERVERS; i++) {
		farm->back[i] = free_endpoint((uint8_t)(host + 1 + i));
		load_server_start(&farm->servers[i], &farm->back[i], (char)('a' + i));
	}
	text_addf(&sections, "service web { listen = { \"%s\" } %s }\n", at(&front), service);
	text_addf(&sections, "pool blue { server a { address = \"%s\" } server b { address = \"%s\" } }\n",
		at(&farm->back[0]), at(&farm->back[1]));
	text_addf(&sections, "pool green { server c { address = \"%s\" } server d { address = \"%s\" } }\n",
		at(&farm->back[2]), at(&farm->back[3]));
	text_add(&sections, "pool all {");
	for (size_t i = 0; i < DEPLOY_SERVERS; i++)
		text_addf(&sections, " server %c { address = \"%s\" }", (char)('a' + i), at(&farm->back[i]));
	text_add(&sections, " }\n");
	farm->lbd = lbd_start(text_get(&sections), 0);
	load_start(&farm->load, &front);
}

static void farm_end(struct farm *farm)
{
	load_stop(&farm->load);
	if (farm->load.failures > 0)
		fail_msg("%llu requests failed, the first: %s", (unsigned long long)farm->load.failures,
			farm->load.error);
	deploy_end(&farm->lbd);
	for (size_t i = 0; i < DEPLOY_SERVERS; i++)
		load_server_kill(&farm->servers[i]);
}

static uint64_t answers_of(const struct load *load, const char *letters)
{
	uint64_t sum = 0;

	for (; *letters != '\0'; letters++)
		sum += atomic_load(&load->answers[(unsigned char)*letters]);
	return sum;
}

struct more {
	const struct load *load;
	const char *letters;
	uint64_t than;
};

static bool are_more(void *context)
{
	const struct more *more = context;

	return answers_of(more->load, more->letters) >= more->than;
}

/* Lets the load go on until these servers have given so many more answers. */
static void go_on(struct farm *farm, const char *letters, uint64_t answers)
{
	struct more more = {&farm->load, letters, answers_of(&farm->load, letters) + answers};

	wait_until(are_more, &more, 60000);
}

static void a_rolling_deployment_fails_nobody(void **state)
{
	static struct farm farm;

	(void)state;
	farm_start(&farm, 90, "pool = all");
	go_on(&farm, "abcd", 200);
	for (size_t i = 0; i < DEPLOY_SERVERS; i++) {
		char line[64], new_letter[2] = {(char)('A' + i), '\0'};

		snprintf(line, sizeof line, "drain all/%c --wait=60s", (char)('a' + i));
		lbctl_run(&farm.lbd, line, 0, ": 0 open\n");
		load_server_kill(&farm.servers[i]);
		go_on(&farm, "abcdABCD", 50);
		load_server_start(&farm.servers[i], &farm.back[i], *new_letter);
		snprintf(line, sizeof line, "enable all/%c", (char)('a' + i));
		lbctl_run(&farm.lbd, line, 0, "enabled");
		go_on(&farm, new_letter, 50);
	}
	farm_end(&farm);
}

static void blue_and_green_change_places_under_load(void **state)
{
	static struct farm farm;

	(void)state;
	farm_start(&farm, 95, "pool = blue");
	for (unsigned i = 0; i < 10; i++) {
		uint64_t connections;

		go_on(&farm, "ab", 100);
		lbctl_run(&farm.lbd, "switch web green", 0, "web: green, before blue");
		go_on(&farm, "cd", 100);
		lbctl_run(&farm.lbd, "drain blue/a --wait=60s", 0, "blue/a: 0 open");
		lbctl_run(&farm.lbd, "drain blue/b --wait=60s", 0, "blue/b: 0 open");
		connections = farm.load.connections['a'] + farm.load.connections['b'];
		go_on(&farm, "cd", 100);
		/* One that has been closed may not have been counted by its client then: a client has one at most. */
		assert_true(farm.load.connections['a'] + farm.load.connections['b'] <= connections + LOAD_CLIENTS);
		lbctl_run(&farm.lbd, "enable blue/a", 0, "enabled");
		lbctl_run(&farm.lbd, "enable blue/b", 0, "enabled");
		lbctl_run(&farm.lbd, "rollback web", 0, "web: blue again, before green");
	}
	farm_end(&farm);
}

static void a_canary_gets_its_share_under_load(void **state)
{
	static const double steps[] = {0.01, 0.1, 0.5};
	static struct farm farm;

	(void)state;
	farm_start(&farm, 100, "pool = blue");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		char line[64];
		uint64_t before[2], count[2];
		double share, bound;

		snprintf(line, sizeof line, "split web blue:%d green:%d", (int)(100 - 100 * steps[i]),
			(int)(100 * steps[i]));
		lbctl_run(&farm.lbd, line, 0, "web: blue:");
		/* Those that are open still go by what was before. */
		go_on(&farm, "abcd", 100);
		before[0] = farm.load.connections['a'] + farm.load.connections['b'];
		before[1] = farm.load.connections['c'] + farm.load.connections['d'];
		go_on(&farm, "abcd", 4000);
		count[0] = farm.load.connections['a'] + farm.load.connections['b'] - before[0];
		count[1] = farm.load.connections['c'] + farm.load.connections['d'] - before[1];
		share = (double)count[1] / (double)(count[0] + count[1]);
		bound = 6 * sqrt(steps[i] * (1 - steps[i]) / (double)(count[0] + count[1])) + 0.005;
		if (fabs(share - steps[i]) > bound)
			fail_msg("a share of %.3f where %.3f is wanted, of %llu", share, steps[i],
				(unsigned long long)(count[0] + count[1]));
	}
	lbctl_run(&farm.lbd, "switch web green", 0, "web: green, before blue:50 green:50");
	go_on(&farm, "cd", 100);
	farm_end(&farm);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rolling_deployment_fails_nobody),
		cmocka_unit_test(blue_and_green_change_places_under_load),
		cmocka_unit_test(a_canary_gets_its_share_under_load),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, deploy_setup, NULL);
}
