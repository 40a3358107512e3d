/* SPDX-License-Identifier: MIT */
/* Which server lbd gives a connection to, seen from outside, with two workers. */
#include "tests/e2e/daemon.h"

#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SERVERS 4
#define SOURCES 40

static struct {
	struct endpoint back[SERVERS];
	int fds[SERVERS];
} servers;

static const char *at(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVERS; i++) {
		servers.back[i] = free_endpoint((uint8_t)(1 + i));
		servers.fds[i] = listen_on(&servers.back[i], 4096);
	}
	return 0;
}

/* A service `s` at `front` with a pool `p` of the servers a, b, c, d; `pool` stands in it, `options` in each server. */
static struct lbd_process start(const struct endpoint *front, const char *pool, const char *const *options)
{
	AUTO_TEXT sections = {0};

	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\npool p {\n%s\n", at(front), pool);
	for (size_t i = 0; i < SERVERS; i++)
		text_addf(&sections, "server %c { address = \"%s\" %s }\n", (char)('a' + i), at(&servers.back[i]),
			options != NULL && options[i] != NULL ? options[i] : "");
	text_add(&sections, "}\n");
	return lbd_start(text_get(&sections), 0);
}

static void end(struct lbd_process *lbd)
{
	/* The sanitizers speak by the exit status. */
	assert_int_equal(lbd_end(lbd, SIGTERM), 0);
}

/* Which of the servers has a connection waiting, accepted into `ret_fd`. */
static size_t accept_any(int *ret_fd)
{
	struct pollfd fds[SERVERS];

	for (size_t i = 0; i < SERVERS; i++)
		fds[i] = (struct pollfd){.fd = servers.fds[i], .events = POLLIN};
	assert_true(poll(fds, SERVERS, 5000) > 0);
	for (size_t i = 0; i < SERVERS; i++) {
		if (fds[i].revents & POLLIN) {
			*ret_fd = accept_from(servers.fds[i]);
			return i;
		}
	}
	fail();
	return SERVERS;
}

/* A client and its server. */
struct pair {
	int client;
	int server;
	size_t which;
};

static struct pair open_pair(const struct endpoint *front)
{
	struct pair pair = {.client = connect_to(front)};

	pair.which = accept_any(&pair.server);
	return pair;
}

static void close_pair(struct pair *pair)
{
	char byte;

	close(pair->client);
	assert_int_equal(recv(pair->server, &byte, 1, 0), 0);
	close(pair->server);
}

/* The server that a client at 127.77.0.`source` gets. */
static size_t server_of(const struct endpoint *front, uint8_t source)
{
	const struct endpoint from = {.ip = {.family = AF_INET, .bytes = {127, 77, 0, source}}};
	struct pair pair = {.client = connect_from(&from, front)};

	pair.which = accept_any(&pair.server);
	close_pair(&pair);
	return pair.which;
}

static void a_client_stays_with_its_server(void **state)
{
	static const char *const algorithms[] = {"balance = source-hash", "balance = maglev"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct endpoint front = free_endpoint((uint8_t)(100 + i));
		struct lbd_process lbd = start(&front, algorithms[i], NULL);
		size_t first[SOURCES], counts[SERVERS] = {0};

		for (uint8_t source = 0; source < SOURCES; source++)
			counts[first[source] = server_of(&front, (uint8_t)(source + 1))]++;
		for (size_t j = 0; j < SERVERS; j++)
			assert_in_range(counts[j], 1, SOURCES / 2);
		for (uint8_t source = 0; source < SOURCES; source++)
			assert_int_equal(server_of(&front, (uint8_t)(source + 1)), first[source]);
		json_decref(lbd_call(&lbd, "drain", json_pack("{s:s}", "server", "p/b")));
		for (uint8_t source = 0; source < SOURCES; source++) {
			size_t now = server_of(&front, (uint8_t)(source + 1));

			assert_true(first[source] == 1 ? now != 1 : now == first[source]);
		}
		json_decref(lbd_call(&lbd, "enable", json_pack("{s:s}", "server", "p/b")));
		for (uint8_t source = 0; source < SOURCES; source++)
			assert_int_equal(server_of(&front, (uint8_t)(source + 1)), first[source]);
		end(&lbd);
	}
}

/* "" for null. */
static void digest_of(struct lbd_process *lbd, char digest[static 32])
{
	json_t *status = lbd_call(lbd, "status", NULL);
	json_t *value = json_object_get(json_array_get(json_object_get(status, "pools"), 0), "digest");

	assert_non_null(value);
	snprintf(digest, 32, "%s", json_is_null(value) ? "" : json_string_value(value));
	json_decref(status);
}

static void the_same_file_makes_the_same_table(void **state)
{
	static const char *const heavier[SERVERS] = {NULL, "weight = 101"};
	static const struct {
		const char *pool;
		const char *const *options;
	} cases[] = {{"balance = maglev", NULL}, {"balance = maglev", NULL}, {"balance = maglev", heavier},
		{"balance = source-hash", NULL}, {"balance = round-robin", NULL}};
	char digests[ARRAY_LEN(cases)][32], drained[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint front = free_endpoint((uint8_t)(110 + i));
		struct lbd_process lbd = start(&front, cases[i].pool, cases[i].options);

		digest_of(&lbd, digests[i]);
		/* It is the file's, whatever becomes of the servers. */
		json_decref(lbd_call(&lbd, "drain", json_pack("{s:s}", "server", "p/b")));
		digest_of(&lbd, drained);
		assert_string_equal(drained, digests[i]);
		end(&lbd);
	}
	assert_int_equal(strlen(digests[0]), 16);
	assert_string_equal(digests[0], digests[1]);
	assert_string_not_equal(digests[0], digests[2]);
	assert_string_not_equal(digests[0], digests[3]);
	assert_string_equal(digests[4], "");
}

/* Though the kernel deals the connections out to two workers. */
static void least_connections_evens_out(void **state)
{
	static const char *const weights[SERVERS] = {"weight = 50", "weight = 50", "weight = 50", "weight = 100"};
	struct endpoint front = free_endpoint(120);
	struct lbd_process lbd = start(&front, "balance = least-connections", weights);
	struct pair pairs[50];
	size_t counts[SERVERS] = {0}, last = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		pairs[i] = open_pair(&front);
		counts[pairs[i].which]++;
	}
	for (size_t i = 0; i < SERVERS; i++)
		assert_int_equal(counts[i], i == 3 ? 20 : 10);
	/* The place of one that has gone is the next one's. */
	for (size_t i = 0; i < 10; i++) {
		last = pairs[i].which;
		close_pair(&pairs[i]);
		while (lbd_service_number(&lbd, "s", "connections") != ARRAY_LEN(pairs) - 1)
			poll(NULL, 0, 1);
		pairs[i] = open_pair(&front);
		assert_int_equal(pairs[i].which, last);
	}
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		close_pair(&pairs[i]);
	end(&lbd);
}

static void random_two_spreads(void **state)
{
	struct endpoint front = free_endpoint(121);
	struct lbd_process lbd = start(&front, "balance = random-two", NULL);
	struct pair pairs[80];
	size_t counts[SERVERS] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		pairs[i] = open_pair(&front);
		counts[pairs[i].which]++;
	}
	for (size_t i = 0; i < SERVERS; i++)
		assert_in_range(counts[i], 15, 25);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		close_pair(&pairs[i]);
	end(&lbd);
}

static void check_services(struct lbd_process *lbd, const char *answers, size_t pools)
{
	json_t *status = lbd_call(lbd, "status", NULL);
	json_t *list = json_object_get(json_array_get(json_object_get(status, "services"), 0), "pools");

	assert_int_equal(json_array_size(list), pools);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, pools - 1), "name")), answers);
	json_decref(status);
}

/* Which servers ten connections meet, a bit for each. */
static unsigned met(const struct endpoint *front)
{
	unsigned mask = 0;

	for (int i = 0; i < 10; i++) {
		struct pair pair = open_pair(front);

		mask |= 1u << pair.which;
		close_pair(&pair);
	}
	return mask;
}

static void set_admin(struct lbd_process *lbd, const char *what, const char *server)
{
	json_t *answer = lbd_call(lbd, what, json_pack("{s:s}", "server", server));

	assert_non_null(answer);
	json_decref(answer);
}

static void backups_step_in(void **state)
{
	struct endpoint front = free_endpoint(122);
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;

	(void)state;
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p backup-pool = q }\n", at(&front));
	text_addf(&sections, "pool p { server a { address = \"%s\" }\nserver b { address = \"%s\" backup = yes } }\n",
		at(&servers.back[0]), at(&servers.back[1]));
	text_addf(&sections, "pool q { server c { address = \"%s\" } }\n", at(&servers.back[2]));
	lbd = lbd_start(text_get(&sections), 0);
	assert_int_equal(met(&front), 1);
	check_services(&lbd, "p", 1);
	assert_int_equal(lbd_server_number(&lbd, "p/b", "share"), 0);
	set_admin(&lbd, "drain", "p/a");
	assert_int_equal(met(&front), 2);
	check_services(&lbd, "p", 1);
	assert_int_equal(lbd_server_number(&lbd, "p/b", "share"), 100);
	set_admin(&lbd, "drain", "p/b");
	assert_int_equal(met(&front), 4);
	check_services(&lbd, "q", 2);
	set_admin(&lbd, "enable", "p/a");
	assert_int_equal(met(&front), 1);
	check_services(&lbd, "p", 1);
	end(&lbd);
}

#define CROWD 30

static void reset_close(int fd)
{
	const struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(fd);
}

static void expect_reset(int client)
{
	char byte;

	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(client);
}

struct settled {
	struct lbd_process *lbd;
	json_int_t refused; /* before */
};

static bool has_settled(void *context)
{
	struct settled *settled = context;
	json_int_t refused = lbd_service_number(settled->lbd, "s", "refused_total") - settled->refused;

	return refused + lbd_service_number(settled->lbd, "s", "connections") == CROWD;
}

/* Opens as many as that, and closes those that are refused at once; each of the others has its server. */
static size_t crowd(struct lbd_process *lbd, const struct endpoint *front, struct pair pairs[static CROWD],
	size_t counts[static SERVERS])
{
	struct settled settled = {.lbd = lbd, .refused = lbd_service_number(lbd, "s", "refused_total")};
	size_t served = 0;

	for (size_t i = 0; i < CROWD; i++)
		pairs[i].client = connect_to(front);
	wait_until(has_settled, &settled, 5000);
	for (size_t i = 0; i < SERVERS; i++)
		counts[i] = 0;
	for (size_t i = 0; i < CROWD; i++) {
		int client = pairs[i].client;

		if (poll(&(struct pollfd){.fd = client, .events = POLLIN}, 1, 0) == 1) {
			expect_reset(client);
			continue;
		}
		pairs[served].which = accept_any(&pairs[served].server);
		counts[pairs[served].which]++;
		pairs[served++].client = client;
	}
	return served;
}

static bool none_is_open(void *context)
{
	return lbd_service_number(context, "s", "connections") == 0;
}

static void a_full_server_is_passed_over(void **state)
{
	static const char *const algorithms[] = {"balance = round-robin", "balance = least-connections",
		"balance = random-two", "balance = source-hash", "balance = maglev"};
	static const char *const limits[SERVERS] = {"max-connections = 1", "max-connections = 2", "max-connections = 3",
		"max-connections = 4 weight = 256"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct endpoint front = free_endpoint((uint8_t)(124 + i));
		struct lbd_process lbd = start(&front, algorithms[i], limits);
		struct pair pairs[CROWD];
		size_t counts[SERVERS];

		for (json_int_t round = 0; round < 2; round++) {
			int late;

			assert_int_equal(crowd(&lbd, &front, pairs, counts), 1 + 2 + 3 + 4);
			for (size_t j = 0; j < SERVERS; j++)
				assert_int_equal(counts[j], j + 1);
			/* Those that are closed by half count as before. */
			for (size_t j = 0; j < 10; j++)
				shutdown(pairs[j].client, SHUT_WR);
			late = connect_to(&front);
			expect_reset(late);
			assert_int_equal(
				lbd_service_number(&lbd, "s", "refused_total"), (round + 1) * (CROWD - 10 + 1));
			for (size_t j = 0; j < 10; j++) {
				close(pairs[j].server);
				close(pairs[j].client);
			}
			wait_until(none_is_open, &lbd, 5000);
		}
		end(&lbd);
	}
}

static json_int_t queue_number(struct lbd_process *lbd, const char *field)
{
	json_t *status = lbd_call(lbd, "status", NULL);
	json_t *queue = json_object_get(json_array_get(json_object_get(status, "pools"), 0), "queue");
	json_t *value = json_object_get(queue, field);
	json_int_t number = json_integer_value(value);

	assert_true(json_is_integer(value));
	json_decref(status);
	return number;
}

struct waiting {
	struct lbd_process *lbd;
	json_int_t count;
};

static bool are_waiting(void *context)
{
	const struct waiting *waiting = context;

	return queue_number(waiting->lbd, "waiting") == waiting->count;
}

static void await_waiting(struct lbd_process *lbd, json_int_t count)
{
	struct waiting waiting = {lbd, count};

	wait_until(are_waiting, &waiting, 5000);
}

static const char *const singles[SERVERS] = {
	"max-connections = 1", "max-connections = 1", "max-connections = 1", "max-connections = 1"};

static void say(int fd, char word)
{
	assert_int_equal(send(fd, &word, 1, MSG_NOSIGNAL), 1);
}

/* Twenty clients that wait for four places, whichever worker they and the places are with. */
static void a_queue_holds_what_comes(void **state)
{
	struct endpoint front = free_endpoint(130);
	struct lbd_process lbd = start(&front, "queue { size = 20 }", singles);
	struct pair pairs[SERVERS];
	int clients[20];

	(void)state;
	for (size_t i = 0; i < SERVERS; i++)
		pairs[i] = open_pair(&front);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		clients[i] = connect_to(&front);
		say(clients[i], 'w');
	}
	await_waiting(&lbd, ARRAY_LEN(clients));
	expect_reset(connect_to(&front));
	assert_int_equal(lbd_service_number(&lbd, "s", "refused_total"), 1);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		struct pair *pair = &pairs[i % SERVERS];
		size_t which = pair->which;
		char word;

		/* The place of the one that ends, and no other. */
		reset_close(pair->server);
		pair->which = accept_any(&pair->server);
		assert_int_equal(pair->which, which);
		assert_int_equal(recv(pair->server, &word, 1, 0), 1);
		assert_int_equal(word, 'w');
	}
	assert_int_equal(queue_number(&lbd, "waiting"), 0);
	for (size_t i = 0; i < SERVERS; i++) {
		reset_close(pairs[i].server);
		close(pairs[i].client);
	}
	wait_until(none_is_open, &lbd, 5000);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		close(clients[i]);
	end(&lbd);
}

static void nobody_waits_in_vain(void **state)
{
	struct endpoint front = free_endpoint(131);
	struct lbd_process lbd = start(&front, "queue { size = 20 timeout = 300ms }", singles);
	struct pair pairs[SERVERS];
	int client;

	(void)state;
	set_admin(&lbd, "drain", "p/d");
	for (size_t i = 0; i < SERVERS - 1; i++)
		pairs[i] = open_pair(&front);
	/* The time passes. */
	client = connect_to(&front);
	expect_reset(client);
	assert_int_equal(queue_number(&lbd, "timeouts_total"), 1);
	assert_int_equal(lbd_service_number(&lbd, "s", "refused_total"), 1);
	/* The client leaves. */
	client = connect_to(&front);
	await_waiting(&lbd, 1);
	reset_close(client);
	await_waiting(&lbd, 0);
	assert_int_equal(queue_number(&lbd, "timeouts_total"), 1);
	/* A server is enabled. */
	client = connect_to(&front);
	set_admin(&lbd, "enable", "p/d");
	pairs[3].which = accept_any(&pairs[3].server);
	assert_int_equal(pairs[3].which, 3);
	pairs[3].client = client;
	/* No server is left. */
	client = connect_to(&front);
	for (size_t i = 0; i < SERVERS; i++) {
		char name[] = {'p', '/', (char)('a' + i), '\0'};

		set_admin(&lbd, "drain", name);
	}
	expect_reset(client);
	await_waiting(&lbd, 0);
	assert_int_equal(queue_number(&lbd, "timeouts_total"), 1);
	for (size_t i = 0; i < SERVERS; i++)
		close_pair(&pairs[i]);
	end(&lbd);
}

struct counted {
	struct lbd_process *lbd;
	json_int_t connections;
};

static bool are_open(void *context)
{
	const struct counted *counted = context;

	return lbd_service_number(counted->lbd, "s", "connections") == counted->connections;
}

/* Nine clients for three places: those that have none are not accepted, and cost nothing. */
static void the_backlog_holds_what_is_too_much(void **state)
{
	static const struct {
		const char *forwarder;
		const char *service;
	} limits[] = {
		{"threads = 2", "max-connections = 3"},
		{"threads = 2 max-connections = 3", ""},
		/* The fourth place is for the other service, however many wait for the first. */
		{"threads = 2 max-connections = 4", "max-connections = 3"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct endpoint front = free_endpoint((uint8_t)(132 + i)), other = free_endpoint((uint8_t)(136 + i));
		struct lbd_process lbd;
		struct counted counted = {&lbd, 3};
		AUTO_TEXT sections = {0};
		int clients[9], client, served;
		int64_t cpu_ms;

		text_addf(&sections, "forwarder { %s }\nservice s { listen = { \"%s\" } pool = p %s }\n",
			limits[i].forwarder, at(&front), limits[i].service);
		text_addf(&sections, "service t { listen = { \"%s\" } pool = q }\n", at(&other));
		text_addf(&sections, "pool p { server a { address = \"%s\" } }\n", at(&servers.back[0]));
		text_addf(&sections, "pool q { server b { address = \"%s\" } }\n", at(&servers.back[1]));
		lbd = lbd_start(text_get(&sections), 0);
		for (size_t j = 0; j < ARRAY_LEN(clients); j++)
			clients[j] = connect_to(&front);
		wait_until(are_open, &counted, 5000);
		cpu_ms = lbd_cpu_ms(&lbd);
		poll(NULL, 0, 500);
		assert_in_range(lbd_cpu_ms(&lbd) - cpu_ms, 0, 100);
		assert_true(are_open(&counted));
		if (i == 2) {
			client = connect_to(&other);
			served = accept_from(servers.fds[1]);
			close(client);
			close(served);
		}
		/* One that is closed by half counts as before. */
		for (size_t j = 0; j < ARRAY_LEN(clients); j++)
			shutdown(clients[j], SHUT_WR);
		poll(NULL, 0, 100);
		for (size_t j = 0; j < ARRAY_LEN(clients); j++) {
			counted.connections = (json_int_t)MIN((size_t)3, ARRAY_LEN(clients) - j);
			wait_until(are_open, &counted, 5000);
			assert_int_equal(accept_any(&served), 0);
			close(served);
		}
		wait_until(none_is_open, &lbd, 5000);
		assert_int_equal(lbd_service_number(&lbd, "s", "connections_total"), ARRAY_LEN(clients));
		assert_int_equal(lbd_service_number(&lbd, "s", "refused_total"), 0);
		for (size_t j = 0; j < ARRAY_LEN(clients); j++)
			close(clients[j]);
		end(&lbd);
	}
}

struct warm {
	struct lbd_process *lbd;
	json_int_t share;
	unsigned steps;
};

static bool is_warm(void *context)
{
	struct warm *warm = context;
	json_int_t share = lbd_server_number(warm->lbd, "p/b", "share");

	assert_true(share >= warm->share);
	warm->steps += share > warm->share;
	warm->share = share;
	return share == 100;
}

static void a_server_that_comes_back_starts_slowly(void **state)
{
	struct endpoint front = free_endpoint(123);
	struct lbd_process lbd = start(&front, "slow-start = 2s", NULL);
	struct warm warm = {.lbd = &lbd};
	size_t counts[SERVERS] = {0};

	(void)state;
	assert_int_equal(lbd_server_number(&lbd, "p/b", "share"), 100);
	set_admin(&lbd, "drain", "p/b");
	set_admin(&lbd, "enable", "p/b");
	for (int i = 0; i < 40; i++) {
		struct pair pair = open_pair(&front);

		counts[pair.which]++;
		close_pair(&pair);
	}
	/* Ten would be its part. */
	assert_in_range(counts[1], 0, 5);
	wait_until(is_warm, &warm, 5000);
	assert_in_range(warm.steps, 8, 21);
	memset(counts, 0, sizeof counts);
	for (int i = 0; i < 80; i++) {
		struct pair pair = open_pair(&front);

		counts[pair.which]++;
		close_pair(&pair);
	}
	assert_in_range(counts[1], 16, 24);
	end(&lbd);
}

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_stays_with_its_server),
		cmocka_unit_test(the_same_file_makes_the_same_table),
		cmocka_unit_test(least_connections_evens_out),
		cmocka_unit_test(random_two_spreads),
		cmocka_unit_test(backups_step_in),
		cmocka_unit_test(a_full_server_is_passed_over),
		cmocka_unit_test(a_queue_holds_what_comes),
		cmocka_unit_test(nobody_waits_in_vain),
		cmocka_unit_test(the_backlog_holds_what_is_too_much),
		cmocka_unit_test(a_server_that_comes_back_starts_slowly),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, NULL);
}
