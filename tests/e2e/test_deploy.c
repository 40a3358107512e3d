/* SPDX-License-Identifier: MIT */
/* Deploying behind lbd by the operator's command: what it decides, and what it refuses. */
#include "tests/e2e/deploy.h"

#include "common/system/clock.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_switch_moves_all_new_connections(void **state)
{
	struct endpoint front = free_endpoint(60);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");
	struct pair open;

	(void)state;
	open = pair_open(&front);
	assert_string_equal(servers_met(&front, 8), "ab");
	lbctl_run(&lbd, "switch web green", 0, "web: green, before blue, on this node (a) alone\n");
	assert_string_equal(servers_met(&front, 20), "cd");
	lbctl_run(&lbd, "switch web green", 0, "web: green already");
	lbctl_run(&lbd, "rollback web", 0, "web: blue again, before green");
	assert_string_equal(servers_met(&front, 20), "ab");
	lbctl_run(&lbd, "rollback web", 1, "web has had no switch or split to go back from");
	assert_int_equal(ending_of(open.client, 0), '-');
	pair_close(&open);
	deploy_end(&lbd);
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *says;
	} cases[] = {
		{"switch wbe green", 1, "there is no service wbe"},
		{"switch web grene", 1, "there is no pool grene"},
		{"switch web gone", 1, "pool gone has no server up (--force does it all the same)"},
		{"switch web empty", 1, "pool empty has no server up"},
		{"split web blue:90 gone:10", 1, "pool gone has no server up"},
		{"split web blue:90 blue:10", 1, "pool blue is named twice"},
		{"split web blue:0 green:0", 1, "no pool would have a share"},
		{"split web blue:90 red:10", 1, "there is no pool red"},
		{"split web blue:90 green", 2, "'green' is no POOL:N"},
		{"split web blue:1001", 2, "'blue:1001' is no POOL:N"},
		{"rollback web", 1, "web has had no switch or split to go back from"},
		{"rollback wbe", 1, "there is no service wbe"},
		{"weight blue/a 257", 2, "'257' is no weight"},
		{"weight blue/x 1", 1, "there is no server blue/x"},
		{"disable blue/x", 1, "there is no server blue/x"},
		{"drain blue/x --wait", 1, "there is no server blue/x"},
		{"drain blue/a --pace=0/s", 2, "'0/s' is no pace"},
		{"drain blue/a --pace=10", 2, "'10' is no pace"},
		{"drain blue/a --wait=10", 2, "'10' is no time"},
	};
	struct endpoint front = free_endpoint(61);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");
	json_t *status;

	(void)state;
	wait_until(gone_is_down, &lbd, 5000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		lbctl_run(&lbd, cases[i].line, cases[i].status, cases[i].says);
	/* Nothing of it has left a trace. */
	status = lbd_call(&lbd, "status", NULL);
	assert_int_equal(json_integer_value(json_object_get(status, "generation")), 0);
	json_decref(status);
	assert_string_equal(servers_met(&front, 8), "ab");
	/* Parameters that lbctl would not send. */
	assert_null(lbd_call(&lbd, "weight", json_pack("{s:s, s:i}", "server", "blue/a", "weight", -1)));
	assert_null(lbd_call(&lbd, "weight", json_pack("{s:s}", "server", "blue/a")));
	assert_null(lbd_call(&lbd, "switch", json_pack("{s:s, s:s}", "service", "web", "pool", "green:50")));
	assert_null(lbd_call(&lbd, "split", json_pack("{s:s, s:[i]}", "service", "web", "pools", 3)));
	assert_null(lbd_call(&lbd, "drain", json_pack("{s:s, s:s}", "server", "blue/a", "pace", "fast")));
	/* With force it is what was asked for, and back it goes. */
	lbctl_run(&lbd, "switch web gone --force", 0, "web: gone, before blue");
	{
		int client = connect_to(&front);

		assert_int_equal(ending_of(client, 5000), 'R');
		close(client);
	}
	lbctl_run(&lbd, "rollback web", 0, "web: blue again");
	assert_string_equal(servers_met(&front, 8), "ab");
	deploy_end(&lbd);
}

#define DRAWS 400

/* How many of so many new connections meet green. */
static unsigned draw_green(const struct endpoint *front)
{
	unsigned green = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		struct pair pair = pair_open(front);

		green += pair.which >= 2;
		pair_close(&pair);
	}
	return green;
}

/* Six standard deviations: one failure in 500 million runs. */
static void is_share(unsigned count, double share)
{
	double off = fabs(count - share * DRAWS), bound = 6 * sqrt(share * (1 - share) * DRAWS);

	if (off > bound)
		fail_msg("%u of %d where a share of %.2f is expected", count, DRAWS, share);
}

static void a_split_deals_connections_out(void **state)
{
	struct endpoint front = free_endpoint(62);
	struct lbd_process lbd = deploy_start(&front, "pool = { blue:80, green:20 }", "");
	json_t *status, *pools;

	(void)state;
	is_share(draw_green(&front), 0.2);
	lbctl_run(&lbd, "split web blue:1 green:1", 0, "web: blue:1 green:1, before blue:80 green:20");
	is_share(draw_green(&front), 0.5);
	status = lbd_call(&lbd, "status", NULL);
	pools = json_object_get(json_array_get(json_object_get(status, "services"), 0), "pools");
	assert_int_equal(json_array_size(pools), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(json_string_value(json_object_get(json_array_get(pools, i), "name")),
			i == 0 ? "blue" : "green");
		assert_int_equal(json_integer_value(json_object_get(json_array_get(pools, i), "share")), 50);
	}
	json_decref(status);
	/* What goes back is the last step, not all of them. */
	lbctl_run(&lbd, "split web blue:0 green:1", 0, "web: blue:0 green:1, before blue:1 green:1");
	assert_int_equal(draw_green(&front), DRAWS);
	lbctl_run(&lbd, "rollback web", 0, "web: blue:1 green:1 again");
	is_share(draw_green(&front), 0.5);
	/* A side that has nobody leaves its share to the other. */
	lbctl_run(&lbd, "drain green/c", 0, "green/c: no new connections");
	lbctl_run(&lbd, "drain green/d", 0, "green/d: no new connections");
	assert_int_equal(draw_green(&front), 0);
	deploy_end(&lbd);
}

#define SOURCES 60

static void sides_of_sources(const struct endpoint *front, bool sides[static SOURCES])
{
	for (unsigned i = 0; i < SOURCES; i++) {
		struct endpoint from = free_endpoint((uint8_t)(100 + i));
		struct pair pair;

		from.port = 0;
		pair = pair_open_from(&from, front);
		sides[i] = pair.which >= 2;
		pair_close(&pair);
	}
}

static void a_source_stays_on_its_side(void **state)
{
	struct endpoint front = free_endpoint(63);
	struct lbd_process lbd = deploy_start(&front, "pool = { blue:70, green:30 }", "balance = source-hash");
	bool before[SOURCES], after[SOURCES];
	unsigned green = 0, more = 0;

	(void)state;
	sides_of_sources(&front, before);
	sides_of_sources(&front, after);
	assert_memory_equal(before, after, sizeof before);
	lbctl_run(&lbd, "split web blue:40 green:60", 0, "before blue:70 green:30");
	sides_of_sources(&front, after);
	for (size_t i = 0; i < SOURCES; i++) {
		/* Who was on the side that grows is there still. */
		assert_true(after[i] || !before[i]);
		green += before[i];
		more += after[i];
	}
	assert_in_range(green, 4, 36);
	assert_true(more > green);
	lbctl_run(&lbd, "rollback web", 0, "again");
	sides_of_sources(&front, after);
	assert_memory_equal(before, after, sizeof before);
	deploy_end(&lbd);
}

static void weights_are_decided(void **state)
{
	struct endpoint front = free_endpoint(64);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");
	unsigned a = 0;

	(void)state;
	lbctl_run(&lbd, "weight blue/a 0", 0, "blue/a: weight 0, before 100");
	assert_string_equal(servers_met(&front, 8), "b");
	assert_int_equal(lbd_server_number(&lbd, "blue/a", "weight"), 0);
	lbctl_run(&lbd, "weight blue/a 256", 0, "blue/a: weight 256, before 0");
	lbctl_run(&lbd, "weight blue/b 64", 0, "blue/b: weight 64, before 100");
	for (unsigned i = 0; i < 100; i++) {
		struct pair pair = pair_open(&front);

		a += pair.which == 0;
		pair_close(&pair);
	}
	/* In turn by weight, in each of two workers. */
	assert_in_range(a, 76, 84);
	deploy_end(&lbd);
}

/* What is decided, in one line: admin and weight of blue's servers, and the pools of web. */
static const char *decided(const struct lbd_process *lbd)
{
	static char text[512];
	static const char *const names[] = {"blue/a", "blue/b"};
	json_t *status = lbd_call(lbd, "status", NULL);
	json_t *pools = json_object_get(json_array_get(json_object_get(status, "services"), 0), "pools");
	int length = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char admin[200];

		lbd_server_text(lbd, names[i], "admin", admin);
		length += snprintf(text + length, sizeof text - (size_t)length, "%.20s %lld, ", admin,
			(long long)lbd_server_number(lbd, names[i], "weight"));
	}
	for (size_t i = 0; i < json_array_size(pools); i++)
		length += snprintf(text + length, sizeof text - (size_t)length, "%s%.20s:%lld", i > 0 ? " " : "",
			json_string_value(json_object_get(json_array_get(pools, i), "name")),
			(long long)json_integer_value(json_object_get(json_array_get(pools, i), "share")));
	json_decref(status);
	return text;
}

static const char *sections_of(const struct endpoint *front, const char *service, const char *blue_b)
{
	static char text[1024];

	snprintf(text, sizeof text,
		"service web { listen = { \"%s\" } %s }\n"
		"pool blue { server a { address = \"%s\" } %s }\npool green { server c { address = \"%s\" } }\n",
		at(front), service, at(&deploy.back[0]), blue_b, at(&deploy.back[2]));
	return text;
}

/* A decision holds until the file says something new about the same. */
static void decisions_and_reloads(void **state)
{
	struct endpoint front = free_endpoint(84);
	char b[128], heavier[160];
	struct lbd_process lbd;

	(void)state;
	snprintf(b, sizeof b, "server b { address = \"%s\" }", at(&deploy.back[1]));
	snprintf(heavier, sizeof heavier, "server b { address = \"%s\" weight = 50 }", at(&deploy.back[1]));
	lbd = lbd_start(sections_of(&front, "pool = blue", b), 0);
	lbctl_run(&lbd, "drain blue/a", 0, "no new connections");
	lbctl_run(&lbd, "weight blue/b 7", 0, "weight 7");
	lbctl_run(&lbd, "switch web green", 0, "green");
	assert_string_equal(decided(&lbd), "drain 100, enabled 7, green:100");
	/* Something else. */
	lbd_configure(&lbd, sections_of(&front, "pool = blue retries = 1", b));
	lbctl_run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 7, green:100");
	/* Another weight. */
	lbd_configure(&lbd, sections_of(&front, "pool = blue retries = 1", heavier));
	lbctl_run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 50, green:100");
	/* What was cancelled does not come back. */
	lbd_configure(&lbd, sections_of(&front, "pool = blue retries = 1", b));
	lbctl_run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 100, green:100");
	/* Other pools. */
	lbd_configure(&lbd, sections_of(&front, "pool = { blue:75, green:25 }", b));
	lbctl_run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 100, blue:75 green:25");
	lbctl_run(&lbd, "rollback web", 1, "web has had no switch or split to go back from");
	/* A server that is not there is not drained when it comes again. */
	lbctl_run(&lbd, "drain blue/b", 0, "no new connections");
	lbd_configure(&lbd, sections_of(&front, "pool = { blue:75, green:25 }", ""));
	lbctl_run(&lbd, "reload", 0, "");
	lbd_configure(&lbd, sections_of(&front, "pool = { blue:75, green:25 }", b));
	lbctl_run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 100, blue:75 green:25");
	deploy_end(&lbd);
}

/* Datagrams. */

static int udp_on(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	const struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

/* Which of the two servers gets the client's next datagram. */
static size_t udp_meets(int client, const int fds[static 2])
{
	struct pollfd poll_fds[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
	size_t which;
	char byte;

	assert_int_equal(send(client, "u", 1, 0), 1);
	assert_int_equal(poll(poll_fds, 2, 5000), 1);
	which = (poll_fds[0].revents & POLLIN) ? 0 : 1;
	assert_int_equal(recv(fds[which], &byte, 1, 0), 1);
	return which;
}

static int udp_client(const struct endpoint *front)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(front, &address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static void datagrams_follow_the_same_decisions(void **state)
{
	struct endpoint front = free_endpoint(79), back[2] = {free_endpoint(80), free_endpoint(81)};
	int fds[2] = {udp_on(&back[0]), udp_on(&back[1])}, clients[8];
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	struct mono began;

	(void)state;
	text_addf(&sections, "service web { listen = { \"%s\" } protocol = udp pool = blue }\n", at(&front));
	text_addf(&sections, "pool blue { server a { address = \"%s\" } }\n", at(&back[0]));
	text_addf(&sections, "pool green { server b { address = \"%s\" } }\n", at(&back[1]));
	lbd = lbd_start(text_get(&sections), 0);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = udp_client(&front);
	assert_int_equal(udp_meets(clients[0], fds), 0);
	lbctl_run(&lbd, "switch web green", 0, "web: green, before blue");
	assert_int_equal(udp_meets(clients[0], fds), 0);
	for (size_t i = 1; i < ARRAY_LEN(clients); i++)
		assert_int_equal(udp_meets(clients[i], fds), 1);
	/* A session that is ended begins again, elsewhere. */
	lbctl_run(&lbd, "disable blue/a", 0, "disabled");
	assert_int_equal(lbd_server_number(&lbd, "blue/a", "connections"), 0);
	assert_int_equal(udp_meets(clients[0], fds), 1);
	assert_int_equal(lbd_server_number(&lbd, "green/b", "connections"), 8);
	lbctl_run(&lbd, "enable blue/a", 0, "enabled");
	lbctl_run(&lbd, "rollback web", 0, "web: blue again");
	began = clock_mono();
	lbctl_run(&lbd, "drain green/b --pace=5/s --wait=60s", 0, "green/b: 0 open");
	assert_true(mono_diff(clock_mono(), began) >= 1300 * NS_PER_MS);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		assert_int_equal(udp_meets(clients[i], fds), 0);
		close(clients[i]);
	}
	close(fds[0]);
	close(fds[1]);
	deploy_end(&lbd);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch_moves_all_new_connections),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_split_deals_connections_out),
		cmocka_unit_test(a_source_stays_on_its_side),
		cmocka_unit_test(weights_are_decided),
		cmocka_unit_test(decisions_and_reloads),
		cmocka_unit_test(datagrams_follow_the_same_decisions),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, deploy_setup, NULL);
}
