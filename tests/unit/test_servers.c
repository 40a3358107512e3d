/* SPDX-License-Identifier: MIT */
/* From servers over snapshots to picks: what is decided about a server is what connections meet. */
#include "lbd/servers.h"

#include "lbd/picker.h"
#include "lbd/roles.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct server_conf blue_servers[] = {{.name = "a", .weight = 100}, {.name = "b", .weight = 100}};
static const struct server_conf green_servers[] = {{.name = "a", .weight = 0}, {.name = "c", .weight = 1}};
static const struct server_conf red_servers[] = {{.name = "r", .weight = 1}, {.name = "x", .weight = 3, .backup = true},
	{.name = "s", .weight = 1}, {.name = "y", .weight = 1, .backup = true}, {.name = "z", .weight = 0}};

static const struct outlier_conf outlier = {
	.failures = 3, .within_ns = 10 * NS_PER_S, .eject_ns = 30 * NS_PER_S, .max_ejected = 50};

static const struct pool_conf pools[] = {
	{.name = "blue",
		.check = {.kind = CHECK_TCP, .rise = 2, .fall = 2},
		.outlier = &outlier,
		.places = blue_servers,
		.place_count = ARRAY_LEN(blue_servers)},
	{.name = "empty"},
	{.name = "green", .places = green_servers, .place_count = ARRAY_LEN(green_servers)},
	{.name = "red", .slow_start_ns = NS_PER_S, .places = red_servers, .place_count = ARRAY_LEN(red_servers)},
};

static const struct pool_share_conf green_alone[] = {{"green", 100, &pools[2]}};
static const struct pool_share_conf three[] = {
	{"blue", 30, &pools[0]}, {"green", 50, &pools[2]}, {"empty", 0, &pools[1]}, {"red", 20, &pools[3]}};

static const struct service_conf services[] = {
	{.name = "web", .pools = green_alone, .pool_count = 1, .backup_pool = &pools[0]},
	{.name = "lone", .pools = green_alone, .pool_count = 1},
	{.name = "split", .pools = three, .pool_count = ARRAY_LEN(three), .backup_pool = &pools[1]},
};

static struct conf conf = {
	.pools = pools,
	.pool_count = ARRAY_LEN(pools),
	.services = services,
	.service_count = ARRAY_LEN(services),
};

static struct fixture {
	struct layout *layout;
	struct runtime *runtime;
	struct servers *servers;
	struct entry *entry;
	struct board board;
	struct picker *picker;
	uint64_t generation;
	struct mono now;
} fixture;

static int setup(void **state)
{
	struct board_size size = {.services = conf.service_count, .pools = conf.pool_count};

	(void)state;
	fixture = (struct fixture){0};
	assert_int_equal(runtime_new("lb1", &fixture.runtime), 0);
	assert_int_equal(runtime_set_admin(fixture.runtime, "green/c", ADMIN_DRAIN), 0);
	assert_int_equal(layout_next(NULL, &conf, &fixture.layout), 0);
	assert_int_equal(servers_next(NULL, fixture.layout, fixture.runtime, fixture.now, &fixture.servers), 0);
	size.servers = fixture.servers->count;
	board_init(&fixture.board);
	assert_int_equal(entry_next(NULL, fixture.layout, 1, &fixture.entry, NULL), 0);
	assert_int_equal(board_reserve(&fixture.board, &size), 0);
	assert_int_equal(picker_new(0, &fixture.board, &fixture.picker), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	picker_free(fixture.picker);
	board_free(&fixture.board);
	entry_unref(fixture.entry);
	servers_free(fixture.servers);
	layout_free(fixture.layout);
	runtime_free(fixture.runtime);
	return 0;
}

static struct snapshot *take_snapshot(void)
{
	struct snapshot_source source = {
		.layout = fixture.layout,
		.entry = fixture.entry,
		.board = &fixture.board,
		.generation = ++fixture.generation,
		.accepting = true,
		.runtime = fixture.runtime,
		.weights = fixture.servers->weights,
		.shares = servers_shares(fixture.servers, fixture.now),
		.pool_revisions = fixture.servers->pool_revisions,
	};
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(&source, &snapshot), 0);
	return snapshot;
}

/* Which servers a hundred connections to each pool meet, as letters: "ab--rs" is both of blue's, none of green's. */
static const char *met(void)
{
	static char letters[10];
	struct snapshot *snapshot = take_snapshot();

	strcpy(letters, "---------");
	assert_int_equal(snapshot->server_count, 9);
	assert_int_equal(picker_update(fixture.picker, snapshot), 0);
	for (uint32_t pool = 0; pool < ARRAY_LEN(pools); pool++) {
		const struct picker_query query = {.pool = pool};

		for (int i = 0; i < 100; i++) {
			struct picker_hold hold;

			if (picker_take(fixture.picker, snapshot, &query, &hold) < 0)
				continue;
			letters[hold.server] = fixture.servers->list[hold.server].conf->name[0];
			picker_leave(fixture.picker, snapshot, &hold);
		}
	}
	snapshot_unref(snapshot);
	return letters;
}

static void set_admin(const char *name, enum admin_state admin)
{
	servers_set_admin(fixture.servers, servers_find(fixture.servers, name), admin, fixture.now);
}

static void note(uint32_t place, const char *results)
{
	for (; *results != '\0'; results++) {
		struct check_result result = {.passed = *results == '+'};

		servers_note_check(fixture.servers, place, &result, result.passed ? "fine" : "not fine", fixture.now);
	}
}

static void decisions_and_health_reach_the_picks(void **state)
{
	(void)state;
	assert_null(servers_find(fixture.servers, "blue/c"));
	assert_null(servers_find(fixture.servers, "blue"));
	/* What was decided in an earlier run counts, unknown health is up, and weight 0 gets nothing. */
	assert_string_equal(met(), "ab--r-s--");
	set_admin("green/c", ADMIN_ENABLED);
	assert_string_equal(met(), "ab-cr-s--");
	set_admin("blue/a", ADMIN_DRAIN);
	assert_string_equal(met(), "-b-cr-s--");
	note(1, "-");
	assert_string_equal(met(), "---cr-s--");
	set_admin("blue/a", ADMIN_ENABLED);
	assert_string_equal(met(), "a--cr-s--");
	note(1, "+-++");
	assert_string_equal(met(), "ab-cr-s--");
	assert_string_equal(fixture.servers->list[1].check, "fine");
}

static void backups_serve_when_nobody_else_can(void **state)
{
	(void)state;
	assert_string_equal(met() + 4, "r-s--");
	set_admin("red/r", ADMIN_DRAIN);
	assert_string_equal(met() + 4, "--s--");
	/* One that is not usable is no backup either. */
	set_admin("red/y", ADMIN_DRAIN);
	set_admin("red/s", ADMIN_DRAIN);
	assert_string_equal(met() + 4, "-x---");
	assert_true(servers_pool_is_up(fixture.servers, 3));
	set_admin("red/y", ADMIN_ENABLED);
	assert_string_equal(met() + 4, "-x-y-");
	set_admin("red/r", ADMIN_ENABLED);
	assert_string_equal(met() + 4, "r----");
}

/* "30 of blue, 20 of red": the sides that the service's connections are dealt out to. */
static const char *sides_of(size_t place)
{
	static char text[200];
	struct snapshot *snapshot = take_snapshot();
	const struct split *split = &snapshot->services[place].split;
	int length = 0;

	for (uint32_t i = 0; i < split->count; i++)
		length += snprintf(text + length, sizeof text - (size_t)length, "%s%u of %s", i > 0 ? ", " : "",
			split->sides[i].parts, pools[split->sides[i].pool].name);
	snapshot_unref(snapshot);
	return text;
}

static void the_backup_pool_answers_when_the_pool_cannot(void **state)
{
	(void)state;
	/* Of green's servers one is drained, the other of weight 0. */
	assert_string_equal(sides_of(0), "1 of blue");
	assert_string_equal(sides_of(1), "100 of green");
	set_admin("green/c", ADMIN_ENABLED);
	assert_string_equal(sides_of(0), "100 of green");
	assert_string_equal(sides_of(1), "100 of green");
}

static void a_split_passes_over_pools_that_cannot_answer(void **state)
{
	(void)state;
	assert_string_equal(sides_of(2), "30 of blue, 20 of red");
	set_admin("green/c", ADMIN_ENABLED);
	assert_string_equal(sides_of(2), "30 of blue, 50 of green, 20 of red");
	set_admin("green/c", ADMIN_DRAIN);
	set_admin("blue/a", ADMIN_DRAIN);
	set_admin("blue/b", ADMIN_DRAIN);
	assert_string_equal(sides_of(2), "20 of red");
	set_admin("red/r", ADMIN_DRAIN);
	set_admin("red/s", ADMIN_DRAIN);
	assert_string_equal(sides_of(2), "20 of red");
	set_admin("red/x", ADMIN_DRAIN);
	set_admin("red/y", ADMIN_DRAIN);
	assert_string_equal(sides_of(2), "1 of empty");
}

static void a_server_that_comes_up_starts_slowly(void **state)
{
	const unsigned *shares = servers_shares(fixture.servers, fixture.now) + 4;
	uint64_t red;

	(void)state;
	assert_true(mono_is_never(servers_next_step(fixture.servers, fixture.now)));
	set_admin("red/r", ADMIN_DRAIN);
	set_admin("red/s", ADMIN_DRAIN);
	set_admin("red/x", ADMIN_DRAIN);
	fixture.now = mono_add(fixture.now, 5 * NS_PER_S);
	set_admin("red/x", ADMIN_ENABLED);
	(void)servers_shares(fixture.servers, fixture.now);
	red = fixture.servers->pool_revisions[3];
	assert_int_equal(shares[1], 1);
	assert_int_equal(shares[3], 1);
	/* Of three in all, two in the end. */
	fixture.now = mono_add(fixture.now, 700 * NS_PER_MS);
	assert_int_equal(servers_next_step(fixture.servers, fixture.now).ns, mono_add(fixture.now, 50 * NS_PER_MS).ns);
	(void)servers_shares(fixture.servers, fixture.now);
	assert_int_equal(shares[1], 2);
	assert_int_not_equal(fixture.servers->pool_revisions[3], red);
	fixture.now = mono_add(fixture.now, 300 * NS_PER_MS);
	(void)servers_shares(fixture.servers, fixture.now);
	assert_int_equal(shares[1], 3);
	assert_true(mono_is_never(servers_next_step(fixture.servers, fixture.now)));
	/* What stays has no new revision. */
	red = fixture.servers->pool_revisions[3];
	(void)servers_shares(fixture.servers, fixture.now);
	assert_int_equal(fixture.servers->pool_revisions[3], red);
}

static void say(uint32_t place, const char *line)
{
	struct check_result result = {.agent = true};

	result.passed = agent_parse(line, &result.words);
	servers_note_check(fixture.servers, place, &result, line, fixture.now);
}

static void agents_take_away_beside_checks_and_decisions(void **state)
{
	uint64_t revision = fixture.servers->revision;

	(void)state;
	say(0, "50%");
	assert_int_not_equal(fixture.servers->revision, revision);
	revision = fixture.servers->revision;
	say(0, "50%");
	assert_int_equal(fixture.servers->revision, revision);
	assert_int_equal(servers_shares(fixture.servers, fixture.now)[0], 50);
	say(0, "drain up");
	assert_memory_equal(met(), "-b--", 4);
	assert_int_equal(servers_health(&fixture.servers->list[0]), HEALTH_UP);
	/* It is no check's first verdict. */
	assert_int_equal(fixture.servers->unchecked, 2);
	say(0, "nothing that is known");
	assert_memory_equal(met(), "-b--", 4);
	say(0, "ready down");
	assert_int_equal(servers_health(&fixture.servers->list[0]), HEALTH_DOWN);
	assert_memory_equal(met(), "-b--", 4);
	say(0, "up");
	assert_memory_equal(met(), "ab--", 4);
	/* The check's word and the operator's stand above it. */
	note(0, "-");
	say(0, "up ready 100%");
	assert_memory_equal(met(), "-b--", 4);
	note(0, "++");
	say(3, "up ready 100%");
	assert_memory_equal(met(), "ab--", 4);
	assert_string_equal(fixture.servers->list[0].agent_text, "up ready 100%");
}

static void servers_that_fail_clients_are_ejected(void **state)
{
	(void)state;
	servers_note_failures(fixture.servers, 0, 2, fixture.now);
	assert_memory_equal(met(), "ab--", 4);
	servers_note_failures(fixture.servers, 0, 3, fixture.now);
	assert_memory_equal(met(), "-b--", 4);
	/* Half of two is one. */
	servers_note_failures(fixture.servers, 1, 30, fixture.now);
	assert_memory_equal(met(), "-b--", 4);
	fixture.now = mono_add(fixture.now, 30 * NS_PER_S);
	servers_note_failures(fixture.servers, 0, 4, fixture.now);
	assert_memory_equal(met(), "ab--", 4);
}

static void pools_are_up_with_a_server(void **state)
{
	(void)state;
	assert_true(servers_pool_is_up(fixture.servers, 0));
	assert_false(servers_pool_is_up(fixture.servers, 1));
	/* One is drained, the other of weight 0. */
	assert_false(servers_pool_is_up(fixture.servers, 2));
	note(0, "-");
	assert_true(servers_pool_is_up(fixture.servers, 0));
	note(1, "-");
	assert_false(servers_pool_is_up(fixture.servers, 0));
}

static void all_are_checked_after_their_first_results(void **state)
{
	(void)state;
	assert_int_equal(fixture.servers->unchecked, 2);
	note(0, "+--");
	assert_int_equal(fixture.servers->unchecked, 1);
	note(1, "-");
	assert_int_equal(fixture.servers->unchecked, 0);
}

static void only_what_changes_has_a_new_revision(void **state)
{
	uint64_t blue, green;

	(void)state;
	note(0, "+");
	blue = fixture.servers->pool_revisions[0];
	green = fixture.servers->pool_revisions[2];
	note(0, "+-+");
	set_admin("green/c", ADMIN_DRAIN);
	assert_int_equal(fixture.servers->pool_revisions[0], blue);
	assert_int_equal(fixture.servers->pool_revisions[2], green);
	set_admin("green/c", ADMIN_ENABLED);
	assert_int_equal(fixture.servers->pool_revisions[0], blue);
	assert_int_not_equal(fixture.servers->pool_revisions[2], green);
}

static size_t count_yields(const struct roles *roles, const struct ip *address, uint64_t *ret_revision)
{
	size_t count, found = 0;
	AUTO_FREE struct snapshot_yield *yields = roles_yields(roles, &count);

	for (size_t i = 0; i < count; i++) {
		if (ip_equal(&yields[i].address, address)) {
			found++;
			*ret_revision = yields[i].revision;
		}
	}
	return found;
}

static void addresses_are_yielded_once_each_time(void **state)
{
	static const struct ip addresses[] = {{.family = AF_INET, .bytes = {192, 0, 2, 100}}, {.family = AF_INET6}};
	struct roles roles = {0};
	uint64_t first = 0, second = 0;

	(void)state;
	assert_int_equal(roles_set(&roles, "web", "active", addresses, 2), 0);
	assert_int_equal(count_yields(&roles, &addresses[0], &first), 0);
	assert_int_equal(roles_set(&roles, "web", "backup", addresses, 2), 1);
	assert_int_equal(count_yields(&roles, &addresses[0], &first), 1);
	assert_int_equal(count_yields(&roles, &addresses[1], &first), 1);
	assert_int_equal(roles_set(&roles, "web", "active", addresses, 2), 0);
	assert_int_equal(count_yields(&roles, &addresses[0], &second), 0);
	assert_int_equal(roles_set(&roles, "mail", "fault", addresses, 1), 1);
	assert_int_equal(count_yields(&roles, &addresses[0], &second), 1);
	assert_true(second > first);
	assert_int_equal(roles.count, 2);
	roles_keep(&roles, &(struct conf){.vips = (struct vip_conf[]){{.name = "mail"}}, .vip_count = 1});
	assert_int_equal(roles.count, 1);
	assert_string_equal(roles.list[0].vip, "mail");
	assert_int_equal(roles_set(&roles, "web", "initialize", addresses, 1), 1);
	assert_int_equal(count_yields(&roles, &addresses[0], &first), 2);
	assert_true(first > second);
	for (int i = 0; i < ROLES_MAX + 10; i++) {
		char name[16];

		snprintf(name, sizeof name, "vip%d", i);
		assert_int_equal(roles_set(&roles, name, "active", NULL, 0), i < ROLES_MAX - 2 ? 0 : -ENOSPC);
	}
	roles_free(&roles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(decisions_and_health_reach_the_picks, setup, teardown),
		cmocka_unit_test_setup_teardown(backups_serve_when_nobody_else_can, setup, teardown),
		cmocka_unit_test_setup_teardown(the_backup_pool_answers_when_the_pool_cannot, setup, teardown),
		cmocka_unit_test_setup_teardown(a_split_passes_over_pools_that_cannot_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(a_server_that_comes_up_starts_slowly, setup, teardown),
		cmocka_unit_test_setup_teardown(agents_take_away_beside_checks_and_decisions, setup, teardown),
		cmocka_unit_test_setup_teardown(servers_that_fail_clients_are_ejected, setup, teardown),
		cmocka_unit_test_setup_teardown(pools_are_up_with_a_server, setup, teardown),
		cmocka_unit_test_setup_teardown(all_are_checked_after_their_first_results, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_changes_has_a_new_revision, setup, teardown),
		cmocka_unit_test(addresses_are_yielded_once_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
