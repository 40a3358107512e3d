/* SPDX-License-Identifier: MIT */
/* Deploying behind lbd by the operator's command: what it decides, what it refuses, and that nobody notices. */
#include "tests/e2e/daemon.h"
#include "tests/e2e/load.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVERS 4

static struct {
	struct endpoint back[SERVERS];
	int fds[SERVERS];
	struct endpoint nobody;
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
	servers.nobody = free_endpoint(9);
	return 0;
}

/* A service `web` with `service`; the pools blue of a and b, green of c and d, gone of nobody, each with `pool`. */
static struct lbd_process start(const struct endpoint *front, const char *service, const char *pool)
{
	AUTO_TEXT sections = {0};

	text_addf(&sections, "service web { listen = { \"%s\" } %s }\n", at(front), service);
	text_addf(&sections, "pool blue { %s\nserver a { address = \"%s\" } server b { address = \"%s\" } }\n", pool,
		at(&servers.back[0]), at(&servers.back[1]));
	text_addf(&sections, "pool green { %s\nserver c { address = \"%s\" } server d { address = \"%s\" } }\n", pool,
		at(&servers.back[2]), at(&servers.back[3]));
	text_addf(&sections,
		"pool gone { server x { address = \"%s\" } check tcp { interval = 20ms fall = 1 } }\npool empty { }\n",
		at(&servers.nobody));
	return lbd_start(text_get(&sections), 0);
}

static void end(struct lbd_process *lbd)
{
	/* The sanitizers speak by the exit status. */
	assert_int_equal(lbd_end(lbd, SIGTERM), 0);
}

/* The operator's command. */

struct command {
	pid_t pid;
	int out;
	char text[4096]; /* stdout and stderr */
	size_t length;
};

static struct command command_start(const struct lbd_process *lbd, const char *line)
{
	struct command command = {0};
	char buffer[256], run_dir[128];
	char *words[16] = {"lbctl", "--run-dir", run_dir}, *rest = NULL;
	size_t count = 3;
	int fds[2];

	snprintf(run_dir, sizeof run_dir, "%s/run", lbd->dir);
	snprintf(buffer, sizeof buffer, "%s", line);
	for (char *word = strtok_r(buffer, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	command.pid = fork();
	if (command.pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execv("./lbctl/lbctl", words);
		_exit(127);
	}
	assert_true(command.pid > 0);
	close(fds[1]);
	command.out = fds[0];
	return command;
}

/* False: it has closed its output. */
static bool command_read(struct command *command)
{
	ssize_t count = read(command->out, command->text + command->length, sizeof command->text - 1 - command->length);

	command->length += count > 0 ? (size_t)count : 0;
	command->text[command->length] = '\0';
	return count > 0;
}

static int command_end(struct command *command)
{
	int status;

	while (command_read(command))
		continue;
	close(command->out);
	assert_int_equal(waitpid(command->pid, &status, 0), command->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs `lbctl LINE`, which must end with `status` and say `says`. */
static void run(const struct lbd_process *lbd, const char *line, int status, const char *says)
{
	struct command command = command_start(lbd, line);
	int got = command_end(&command);

	if (got != status || strstr(command.text, says) == NULL)
		fail_msg("lbctl %s: exit status %d, not %d, and \"%s\" where \"%s\" is expected", line, got, status,
			command.text, says);
}

/* Connections. */

struct pair {
	int client;
	int server;
	size_t which;
};

static struct pair pair_open_from(const struct endpoint *from, const struct endpoint *front)
{
	struct pair pair = {.client = from != NULL ? connect_from(from, front) : connect_to(front)};
	struct pollfd fds[SERVERS];

	for (size_t i = 0; i < SERVERS; i++)
		fds[i] = (struct pollfd){.fd = servers.fds[i], .events = POLLIN};
	assert_true(poll(fds, SERVERS, 5000) > 0);
	for (size_t i = 0; i < SERVERS; i++) {
		if (fds[i].revents & POLLIN) {
			pair.which = i;
			pair.server = accept_from(servers.fds[i]);
			return pair;
		}
	}
	fail();
	return pair;
}

static struct pair pair_open(const struct endpoint *front)
{
	return pair_open_from(NULL, front);
}

static void pair_close(const struct pair *pair)
{
	char byte;

	close(pair->client);
	assert_true(recv(pair->server, &byte, 1, 0) <= 0);
	close(pair->server);
}

/* 'F' for a FIN, 'R' for a RST, '-' while it is open still. */
static char ending_of(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte;

	if (poll(&poll_fd, 1, timeout_ms) == 0)
		return '-';
	return recv(fd, &byte, 1, 0) == 0 ? 'F' : 'R';
}

/* Which servers so many connections meet, as letters in order: "aabb". */
static const char *met(const struct endpoint *front, unsigned connections)
{
	static char text[SERVERS + 1];
	bool seen[SERVERS] = {0};
	size_t length = 0;

	for (unsigned i = 0; i < connections; i++) {
		struct pair pair = pair_open(front);

		seen[pair.which] = true;
		pair_close(&pair);
	}
	for (size_t i = 0; i < SERVERS; i++) {
		if (seen[i])
			text[length++] = (char)('a' + i);
	}
	text[length] = '\0';
	return text;
}

static void a_switch_moves_all_new_connections(void **state)
{
	struct endpoint front = free_endpoint(60);
	struct lbd_process lbd = start(&front, "pool = blue", "");
	struct pair open;

	(void)state;
	open = pair_open(&front);
	assert_string_equal(met(&front, 8), "ab");
	run(&lbd, "switch web green", 0, "web: green, before blue, on this node (a) alone\n");
	assert_string_equal(met(&front, 20), "cd");
	run(&lbd, "switch web green", 0, "web: green already");
	run(&lbd, "rollback web", 0, "web: blue again, before green");
	assert_string_equal(met(&front, 20), "ab");
	run(&lbd, "rollback web", 1, "web has had no switch or split to go back from");
	assert_int_equal(ending_of(open.client, 0), '-');
	pair_close(&open);
	end(&lbd);
}

static bool is_down(void *context)
{
	char health[200];

	lbd_server_text(context, "gone/x", "health", health);
	return strcmp(health, "down") == 0;
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
	struct lbd_process lbd = start(&front, "pool = blue", "");
	json_t *status;

	(void)state;
	wait_until(is_down, &lbd, 5000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		run(&lbd, cases[i].line, cases[i].status, cases[i].says);
	/* Nothing of it has left a trace. */
	status = lbd_call(&lbd, "status", NULL);
	assert_int_equal(json_integer_value(json_object_get(status, "generation")), 0);
	json_decref(status);
	assert_string_equal(met(&front, 8), "ab");
	/* Parameters that lbctl would not send. */
	assert_null(lbd_call(&lbd, "weight", json_pack("{s:s, s:i}", "server", "blue/a", "weight", -1)));
	assert_null(lbd_call(&lbd, "weight", json_pack("{s:s}", "server", "blue/a")));
	assert_null(lbd_call(&lbd, "switch", json_pack("{s:s, s:s}", "service", "web", "pool", "green:50")));
	assert_null(lbd_call(&lbd, "split", json_pack("{s:s, s:[i]}", "service", "web", "pools", 3)));
	assert_null(lbd_call(&lbd, "drain", json_pack("{s:s, s:s}", "server", "blue/a", "pace", "fast")));
	/* With force it is what was asked for, and back it goes. */
	run(&lbd, "switch web gone --force", 0, "web: gone, before blue");
	{
		int client = connect_to(&front);

		assert_int_equal(ending_of(client, 5000), 'R');
		close(client);
	}
	run(&lbd, "rollback web", 0, "web: blue again");
	assert_string_equal(met(&front, 8), "ab");
	end(&lbd);
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
	struct lbd_process lbd = start(&front, "pool = { blue:80, green:20 }", "");
	json_t *status, *pools;

	(void)state;
	is_share(draw_green(&front), 0.2);
	run(&lbd, "split web blue:1 green:1", 0, "web: blue:1 green:1, before blue:80 green:20");
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
	run(&lbd, "split web blue:0 green:1", 0, "web: blue:0 green:1, before blue:1 green:1");
	assert_int_equal(draw_green(&front), DRAWS);
	run(&lbd, "rollback web", 0, "web: blue:1 green:1 again");
	is_share(draw_green(&front), 0.5);
	/* A side that has nobody leaves its share to the other. */
	run(&lbd, "drain green/c", 0, "green/c: no new connections");
	run(&lbd, "drain green/d", 0, "green/d: no new connections");
	assert_int_equal(draw_green(&front), 0);
	end(&lbd);
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
	struct lbd_process lbd = start(&front, "pool = { blue:70, green:30 }", "balance = source-hash");
	bool before[SOURCES], after[SOURCES];
	unsigned green = 0, more = 0;

	(void)state;
	sides_of_sources(&front, before);
	sides_of_sources(&front, after);
	assert_memory_equal(before, after, sizeof before);
	run(&lbd, "split web blue:40 green:60", 0, "before blue:70 green:30");
	sides_of_sources(&front, after);
	for (size_t i = 0; i < SOURCES; i++) {
		/* Who was on the side that grows is there still. */
		assert_true(after[i] || !before[i]);
		green += before[i];
		more += after[i];
	}
	assert_in_range(green, 4, 36);
	assert_true(more > green);
	run(&lbd, "rollback web", 0, "again");
	sides_of_sources(&front, after);
	assert_memory_equal(before, after, sizeof before);
	end(&lbd);
}

static void weights_are_decided(void **state)
{
	struct endpoint front = free_endpoint(64);
	struct lbd_process lbd = start(&front, "pool = blue", "");
	unsigned a = 0;

	(void)state;
	run(&lbd, "weight blue/a 0", 0, "blue/a: weight 0, before 100");
	assert_string_equal(met(&front, 8), "b");
	assert_int_equal(lbd_server_number(&lbd, "blue/a", "weight"), 0);
	run(&lbd, "weight blue/a 256", 0, "blue/a: weight 256, before 0");
	run(&lbd, "weight blue/b 64", 0, "blue/b: weight 64, before 100");
	for (unsigned i = 0; i < 100; i++) {
		struct pair pair = pair_open(&front);

		a += pair.which == 0;
		pair_close(&pair);
	}
	/* In turn by weight, in each of two workers. */
	assert_in_range(a, 76, 84);
	end(&lbd);
}

static void disable_closes_what_is_open(void **state)
{
	struct endpoint front = free_endpoint(65);
	struct lbd_process lbd = start(&front, "pool = blue", "");
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
	run(&lbd, "disable blue/a", 0, "blue/a: disabled");
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
	assert_string_equal(met(&front, 8), "b");
	run(&lbd, "enable blue/a", 0, "blue/a: enabled");
	assert_string_equal(met(&front, 8), "ab");
	for (size_t i = 0; i < 2; i++)
		close(rested[i].client), close(rested[i].server);
	for (size_t i = 0; i < 4; i++)
		close(fresh[i].client), close(fresh[i].server);
	end(&lbd);
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
	text_addf(&sections, " server a { address = \"%s\" backup = yes } }\n", at(&servers.back[0]));
	lbd = lbd_start(text_get(&sections), 0);
	client = connect_to(&front);
	wait_until(is_connecting, &lbd, 5000);
	run(&lbd, "disable p/deaf", 0, "disabled");
	server = accept_from(servers.fds[0]);
	assert_int_equal(send(server, "y", 1, 0), 1);
	assert_int_equal(lbd_server_number(&lbd, "p/deaf", "connects_failed"), 0);
	assert_int_equal(lbd_server_number(&lbd, "p/deaf", "connections"), 0);
	close(client);
	close(server);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
		close(fillers[i]);
	close(deaf_fd);
	end(&lbd);
}

static void drain_waits_and_tells(void **state)
{
	struct endpoint front = free_endpoint(68);
	struct lbd_process lbd = start(&front, "pool = blue", "");
	struct pair pairs[6];
	struct command command;
	int left = 3;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		pairs[i] = pair_open(&front);
	run(&lbd, "drain blue/a", 0, "blue/a: no new connections");
	run(&lbd, "drain blue/a --wait=300ms", 1, "lbctl: blue/a has 3 open still; it gets no new ones");
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
	run(&lbd, "enable blue/a", 0, "enabled");
	pairs[1] = pair_open(&front);
	pairs[2] = pair_open(&front);
	command = command_start(&lbd, "drain blue/a --wait");
	while (strstr(command.text, " open\n") == NULL)
		assert_true(command_read(&command));
	run(&lbd, "enable blue/a", 0, "enabled");
	assert_int_equal(command_end(&command), 1);
	assert_non_null(strstr(command.text, "blue/a has been enabled again meanwhile"));
	for (size_t i = 0; i < 3; i++)
		pair_close(&pairs[i]);
	end(&lbd);
}

#define PACED 40

static void drain_closes_at_a_pace(void **state)
{
	struct endpoint front = free_endpoint(69);
	struct lbd_process lbd = start(&front, "pool = blue", "");
	struct pair pairs[2 * PACED];
	struct mono began;
	int64_t took_ms;
	unsigned open = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		pairs[i] = pair_open(&front);
	began = clock_mono();
	run(&lbd, "drain blue/a --pace=20/s --wait=60s", 0, "20 a second of the open ones are closed");
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
	end(&lbd);
}

static void enable_and_drain_end_a_pace(void **state)
{
	static const char *const lines[] = {"enable blue/a", "drain blue/a"};
	struct endpoint front = free_endpoint(70);
	struct lbd_process lbd = start(&front, "pool = blue", "");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct pair pair = pair_open(&front), other = pair_open(&front);
		struct pair *ours = pair.which == 0 ? &pair : &other;

		run(&lbd, "drain blue/a --pace=1/s", 0, "1 a second");
		run(&lbd, lines[i], 0, "blue/a: ");
		assert_int_equal(ending_of(ours->client, 1500), '-');
		pair_close(&pair);
		pair_close(&other);
		run(&lbd, "enable blue/a", 0, "enabled");
	}
	end(&lbd);
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
		at(front), service, at(&servers.back[0]), blue_b, at(&servers.back[2]));
	return text;
}

/* A decision holds until the file says something new about the same. */
static void decisions_and_reloads(void **state)
{
	struct endpoint front = free_endpoint(84);
	char b[128], heavier[160];
	struct lbd_process lbd;

	(void)state;
	snprintf(b, sizeof b, "server b { address = \"%s\" }", at(&servers.back[1]));
	snprintf(heavier, sizeof heavier, "server b { address = \"%s\" weight = 50 }", at(&servers.back[1]));
	lbd = lbd_start(sections_of(&front, "pool = blue", b), 0);
	run(&lbd, "drain blue/a", 0, "no new connections");
	run(&lbd, "weight blue/b 7", 0, "weight 7");
	run(&lbd, "switch web green", 0, "green");
	assert_string_equal(decided(&lbd), "drain 100, enabled 7, green:100");
	/* Something else. */
	lbd_configure(&lbd, sections_of(&front, "pool = blue retries = 1", b));
	run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 7, green:100");
	/* Another weight. */
	lbd_configure(&lbd, sections_of(&front, "pool = blue retries = 1", heavier));
	run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 50, green:100");
	/* What was cancelled does not come back. */
	lbd_configure(&lbd, sections_of(&front, "pool = blue retries = 1", b));
	run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 100, green:100");
	/* Other pools. */
	lbd_configure(&lbd, sections_of(&front, "pool = { blue:75, green:25 }", b));
	run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 100, blue:75 green:25");
	run(&lbd, "rollback web", 1, "web has had no switch or split to go back from");
	/* A server that is not there is not drained when it comes again. */
	run(&lbd, "drain blue/b", 0, "no new connections");
	lbd_configure(&lbd, sections_of(&front, "pool = { blue:75, green:25 }", ""));
	run(&lbd, "reload", 0, "");
	lbd_configure(&lbd, sections_of(&front, "pool = { blue:75, green:25 }", b));
	run(&lbd, "reload", 0, "");
	assert_string_equal(decided(&lbd), "drain 100, enabled 100, blue:75 green:25");
	end(&lbd);
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
	wait_until(is_down, &lbd, 5000);
	ending = ending_of(client, 500);
	if (ending == 'R')
		assert_int_equal(ending_of(accepted, 5000), 'R');
	close(client);
	close(accepted);
	end(&lbd);
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
	run(&lbd, "switch web green", 0, "web: green, before blue");
	assert_int_equal(udp_meets(clients[0], fds), 0);
	for (size_t i = 1; i < ARRAY_LEN(clients); i++)
		assert_int_equal(udp_meets(clients[i], fds), 1);
	/* A session that is ended begins again, elsewhere. */
	run(&lbd, "disable blue/a", 0, "disabled");
	assert_int_equal(lbd_server_number(&lbd, "blue/a", "connections"), 0);
	assert_int_equal(udp_meets(clients[0], fds), 1);
	assert_int_equal(lbd_server_number(&lbd, "green/b", "connections"), 8);
	run(&lbd, "enable blue/a", 0, "enabled");
	run(&lbd, "rollback web", 0, "web: blue again");
	began = clock_mono();
	run(&lbd, "drain green/b --pace=5/s --wait=60s", 0, "green/b: 0 open");
	assert_true(mono_diff(clock_mono(), began) >= 1300 * NS_PER_MS);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		assert_int_equal(udp_meets(clients[i], fds), 0);
		close(clients[i]);
	}
	close(fds[0]);
	close(fds[1]);
	end(&lbd);
}

/* Under load. */

struct farm {
	struct lbd_process lbd;
	struct load_server servers[SERVERS];
	struct endpoint back[SERVERS];
	struct load load;
};

static void farm_start(struct farm *farm, uint8_t host, const char *service)
{
	struct endpoint front = free_endpoint(host);
	AUTO_TEXT sections = {0};

	for (size_t i = 0; i < SERVERS; i++) {
		farm->back[i] = free_endpoint((uint8_t)(host + 1 + i));
		load_server_start(&farm->servers[i], &farm->back[i], (char)('a' + i));
	}
	text_addf(&sections, "service web { listen = { \"%s\" } %s }\n", at(&front), service);
	text_addf(&sections, "pool blue { server a { address = \"%s\" } server b { address = \"%s\" } }\n",
		at(&farm->back[0]), at(&farm->back[1]));
	text_addf(&sections, "pool green { server c { address = \"%s\" } server d { address = \"%s\" } }\n",
		at(&farm->back[2]), at(&farm->back[3]));
	text_add(&sections, "pool all {");
	for (size_t i = 0; i < SERVERS; i++)
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
	end(&farm->lbd);
	for (size_t i = 0; i < SERVERS; i++)
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
	for (size_t i = 0; i < SERVERS; i++) {
		char line[64], new_letter[2] = {(char)('A' + i), '\0'};

		snprintf(line, sizeof line, "drain all/%c --wait=60s", (char)('a' + i));
		run(&farm.lbd, line, 0, ": 0 open\n");
		load_server_kill(&farm.servers[i]);
		go_on(&farm, "abcdABCD", 50);
		load_server_start(&farm.servers[i], &farm.back[i], *new_letter);
		snprintf(line, sizeof line, "enable all/%c", (char)('a' + i));
		run(&farm.lbd, line, 0, "enabled");
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
		run(&farm.lbd, "switch web green", 0, "web: green, before blue");
		go_on(&farm, "cd", 100);
		run(&farm.lbd, "drain blue/a --wait=60s", 0, "blue/a: 0 open");
		run(&farm.lbd, "drain blue/b --wait=60s", 0, "blue/b: 0 open");
		connections = farm.load.connections['a'] + farm.load.connections['b'];
		go_on(&farm, "cd", 100);
		/* One that has been closed may not have been counted by its client then: a client has one at most. */
		assert_true(farm.load.connections['a'] + farm.load.connections['b'] <= connections + LOAD_CLIENTS);
		run(&farm.lbd, "enable blue/a", 0, "enabled");
		run(&farm.lbd, "enable blue/b", 0, "enabled");
		run(&farm.lbd, "rollback web", 0, "web: blue again, before green");
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
		run(&farm.lbd, line, 0, "web: blue:");
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
	run(&farm.lbd, "switch web green", 0, "web: green, before blue:50 green:50");
	go_on(&farm, "cd", 100);
	farm_end(&farm);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch_moves_all_new_connections),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_split_deals_connections_out),
		cmocka_unit_test(a_source_stays_on_its_side),
		cmocka_unit_test(weights_are_decided),
		cmocka_unit_test(disable_closes_what_is_open),
		cmocka_unit_test(disable_moves_what_is_being_connected),
		cmocka_unit_test(drain_waits_and_tells),
		cmocka_unit_test(drain_closes_at_a_pace),
		cmocka_unit_test(enable_and_drain_end_a_pace),
		cmocka_unit_test(decisions_and_reloads),
		cmocka_unit_test(connections_of_a_dead_server_are_reset_on_request),
		cmocka_unit_test(datagrams_follow_the_same_decisions),
		cmocka_unit_test(a_rolling_deployment_fails_nobody),
		cmocka_unit_test(blue_and_green_change_places_under_load),
		cmocka_unit_test(a_canary_gets_its_share_under_load),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, NULL);
}
