/* SPDX-License-Identifier: MIT */
/* Connections of servers that are taken away, by the operator or because they went down: what becomes of them. */
#include "tests/e2e/deploy.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void disable_closes_what_is_open(void **state)
{
	struct endpoint front = free_endpoint(65);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");
	struct pair rested[2], fresh[4];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rested[i] = pair_open(&front);
		assert_int_equal(ending_of(rested[i].client, 600), '-');
	}
	assert_int_not_equal(rested[0].which, rested[1].which);
	assert_int_equal(ending_of(rested[1].client, 1100), '-');
	for (size_t i = 0; i < 4; i++) {
		fresh[i] = pair_open(&front);
		assert_int_equal(send(fresh[i].client, "x", 1, 0), 1);
	}
	lbctl_run(&lbd, "disable blue/a", 0, "blue/a: disabled");
	/* When the command returns it is done. Where bytes were moving, a FIN could be taken for the answer's end. */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ending_of(rested[i].client, 0), rested[i].which == 0 ? 'F' : '-');
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ending_of(fresh[i].client, 0), fresh[i].which == 0 ? 'R' : '-');
	assert_int_equal(lbd_server_number(&lbd, "blue/a", "connections"), 0);
	{
		char admin[200];

		lbd_server_text(&lbd, "blue/a", "admin", admin);
		assert_string_equal(admin, "disabled");
	}
	assert_string_equal(servers_met(&front, 8), "b");
	lbctl_run(&lbd, "enable blue/a", 0, "blue/a: enabled");
	assert_string_equal(servers_met(&front, 8), "ab");
	for (size_t i = 0; i < 2; i++)
		close(rested[i].client), close(rested[i].server);
	for (size_t i = 0; i < 4; i++)
		close(fresh[i].client), close(fresh[i].server);
	deploy_end(&lbd);
}

static bool is_connecting(void *context)
{
	return lbd_server_number(context, "p/deaf", "connections") > 0;
}

static void disable_moves_what_is_being_connected(void **state)
{
	/* SYNs to a full queue are dropped. */
	struct endpoint deaf = free_endpoint(66), front = free_endpoint(67);
	int deaf_fd = listen_on(&deaf, 0), fillers[3], client, server;
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		struct sockaddr_storage address;
		socklen_t size = endpoint_to_sockaddr(&deaf, &address);

		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], (struct sockaddr *)&address, size);
	}
	text_addf(&sections, "service s { listen = { \"%s\" } pool = p retries = 0 timeouts { connect = 60s } }\n",
		at(&front));
	text_addf(&sections, "pool p { server deaf { address = \"%s\" weight = 256 }\n", at(&deaf));
	text_addf(&sections, " server a { address = \"%s\" backup = yes } }\n", at(&deploy.back[0]));
	lbd = lbd_start(text_get(&sections), 0);
	client = connect_to(&front);
	wait_until(is_connecting, &lbd, 5000);
	lbctl_run(&lbd, "disable p/deaf", 0, "disabled");
	server = accept_from(deploy.fds[0]);
	assert_int_equal(send(server, "y", 1, 0), 1);
	assert_int_equal(lbd_server_number(&lbd, "p/deaf", "connects_failed"), 0);
	assert_int_equal(lbd_server_number(&lbd, "p/deaf", "connections"), 0);
	close(client);
	close(server);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
		close(fillers[i]);
	close(deaf_fd);
	deploy_end(&lbd);
}

static void drain_waits_and_tells(void **state)
{
	struct endpoint front = free_endpoint(68);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");
	struct pair pairs[6];
	struct command command;
	int left = 3;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		pairs[i] = pair_open(&front);
	lbctl_run(&lbd, "drain blue/a", 0, "blue/a: no new connections");
	lbctl_run(&lbd, "drain blue/a --wait=300ms", 1, "lbctl: blue/a has 3 open still; it gets no new ones");
	command = command_start(&lbd, "drain blue/a --wait=60s");
	while (strstr(command.text, "blue/a: 3 open\n") == NULL)
		assert_true(command_read(&command));
	for (size_t i = 0; i < 6; i++) {
		if (pairs[i].which == 0)
			assert_int_equal(waitpid(command.pid, NULL, WNOHANG), 0);
		left -= pairs[i].which == 0;
		pair_close(&pairs[i]);
	}
	assert_int_equal(left, 0);
	assert_int_equal(command_end(&command), 0);
	assert_non_null(strstr(command.text, "blue/a: 0 open\n"));
	/* Somebody has changed his mind. */
	pairs[0] = pair_open(&front);
	lbctl_run(&lbd, "enable blue/a", 0, "enabled");
	pairs[1] = pair_open(&front);
	pairs[2] = pair_open(&front);
	command = command_start(&lbd, "drain blue/a --wait");
	while (strstr(command.text, " open\n") == NULL)
		assert_true(command_read(&command));
	lbctl_run(&lbd, "enable blue/a", 0, "enabled");
	assert_int_equal(command_end(&command), 1);
	assert_non_null(strstr(command.text, "blue/a has been enabled again meanwhile"));
	for (size_t i = 0; i < 3; i++)
		pair_close(&pairs[i]);
	deploy_end(&lbd);
}

#define PACED 40

static void drain_closes_at_a_pace(void **state)
{
	struct endpoint front = free_endpoint(69);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");
	struct pair pairs[2 * PACED];
	struct mono began;
	int64_t took_ms;
	unsigned open = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		pairs[i] = pair_open(&front);
	began = clock_mono();
	lbctl_run(&lbd, "drain blue/a --pace=20/s --wait=60s", 0, "20 a second of the open ones are closed");
	took_ms = mono_diff(clock_mono(), began) / NS_PER_MS;
	/* Never faster. */
	assert_in_range(took_ms, PACED * 1000 / 20 - 200, 55000);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		char ending = ending_of(pairs[i].client, 0);

		assert_true((ending != '-') == (pairs[i].which == 0));
		open += ending == '-';
		close(pairs[i].client);
		close(pairs[i].server);
	}
	assert_int_equal(open, PACED);
	deploy_end(&lbd);
}

static void enable_and_drain_end_a_pace(void **state)
{
	static const char *const lines[] = {"enable blue/a", "drain blue/a"};
	struct endpoint front = free_endpoint(70);
	struct lbd_process lbd = deploy_start(&front, "pool = blue", "");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct pair pair = pair_open(&front), other = pair_open(&front);
		struct pair *ours = pair.which == 0 ? &pair : &other;

		lbctl_run(&lbd, "drain blue/a --pace=1/s", 0, "1 a second");
		lbctl_run(&lbd, lines[i], 0, "blue/a: ");
		assert_int_equal(ending_of(ours->client, 1500), '-');
		pair_close(&pair);
		pair_close(&other);
		lbctl_run(&lbd, "enable blue/a", 0, "enabled");
	}
	deploy_end(&lbd);
}

/* What happens to the open connection of a server that goes down. */
static char ending_when_down(const char *pool, const char *server, uint8_t host)
{
	struct endpoint front = free_endpoint(host), back = free_endpoint((uint8_t)(host + 1));
	int listener = listen_on(&back, 4096), client, accepted = -1;
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;
	char ending, byte = 0;

	text_addf(&sections, "service s { listen = { \"%s\" } pool = gone }\npool gone { %s ", at(&front), pool);
	text_addf(&sections, "check tcp { interval = 20ms rise = 1 fall = 1 } server x { address = \"%s\" %s } }\n",
		at(&back), server);
	lbd = lbd_start(text_get(&sections), 0);
	client = connect_to(&front);
	assert_int_equal(send(client, "!", 1, 0), 1);
	while (byte != '!') {
		fd_close(&accepted);
		accepted = accept_from(listener);
		(void)recv(accepted, &byte, 1, 0);
	}
	close(listener);
	wait_until(gone_is_down, &lbd, 5000);
	ending = ending_of(client, 500);
	if (ending == 'R')
		assert_int_equal(ending_of(accepted, 5000), 'R');
	close(client);
	close(accepted);
	deploy_end(&lbd);
	return ending;
}

static void connections_of_a_dead_server_are_reset_on_request(void **state)
{
	(void)state;
	assert_int_equal(ending_when_down("", "", 71), '-');
	assert_int_equal(ending_when_down("on-down = reset", "", 73), 'R');
	assert_int_equal(ending_when_down("on-down = reset", "on-down = keep", 75), '-');
	assert_int_equal(ending_when_down("on-down = keep", "on-down = reset", 77), 'R');
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disable_closes_what_is_open),
		cmocka_unit_test(disable_moves_what_is_being_connected),
		cmocka_unit_test(drain_waits_and_tells),
		cmocka_unit_test(drain_closes_at_a_pace),
		cmocka_unit_test(enable_and_drain_end_a_pace),
		cmocka_unit_test(connections_of_a_dead_server_are_reset_on_request),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, deploy_setup, NULL);
}
