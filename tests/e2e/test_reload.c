/* SPDX-License-Identifier: MIT */
/* Reloads of a running lbd: what stays is not touched, what goes ends in its own time, and a mistake changes nothing.
 */
#include "tests/e2e/daemon.h"
#include "tests/e2e/load.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/liveness.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVERS 3

static struct {
	struct endpoint back[SERVERS];
	int fds[SERVERS];
	struct endpoint front, second;
} around;

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
		around.back[i] = free_endpoint((uint8_t)(150 + i));
		around.fds[i] = listen_on(&around.back[i], 4096);
	}
	around.front = free_endpoint(160);
	around.second = free_endpoint(161);
	return 0;
}

/* In `from`, $F and $G are where services may listen, $A, $B and $C where the servers are. Until four calls later. */
static const char *fill(const char *from)
{
	static struct text texts[4];
	static unsigned next;
	struct text *out = &texts[next++ % 4];

	text_free(out);
	*out = (struct text){0};
	for (; *from != '\0'; from++) {
		const struct endpoint *endpoint = NULL;

		if (from[0] == '$' && from[1] == 'F')
			endpoint = &around.front;
		else if (from[0] == '$' && from[1] == 'G')
			endpoint = &around.second;
		else if (from[0] == '$' && from[1] >= 'A' && from[1] <= 'C')
			endpoint = &around.back[from[1] - 'A'];
		if (endpoint != NULL) {
			text_addf(out, "\"%s\"", at(endpoint));
			from++;
		} else {
			text_addf(out, "%c", *from);
		}
	}
	return text_get(out);
}

/* The answer, owned by the caller. */
static json_t *reload(const struct lbd_process *lbd, const char *sections, bool dry_run)
{
	json_t *answer;

	lbd_configure(lbd, fill(sections));
	answer = lbd_call(lbd, "reload", json_pack("{s:b}", "dry_run", dry_run));
	assert_non_null(answer);
	return answer;
}

static void reload_to(const struct lbd_process *lbd, const char *sections)
{
	json_t *answer = reload(lbd, sections, false);

	if (!json_is_true(json_object_get(answer, "done")))
		fail_msg("%s", json_string_value(json_object_get(answer, "errors")));
	json_decref(answer);
}

/* Connections. */

struct pair {
	int client;
	int server;
	size_t which;
};

static struct pair pair_open(const struct endpoint *front)
{
	struct pair pair = {.client = connect_to(front)};
	struct pollfd fds[SERVERS];

	for (size_t i = 0; i < SERVERS; i++)
		fds[i] = (struct pollfd){.fd = around.fds[i], .events = POLLIN};
	assert_true(poll(fds, SERVERS, 5000) > 0);
	while (!(fds[pair.which].revents & POLLIN))
		pair.which++;
	pair.server = accept_from(around.fds[pair.which]);
	return pair;
}

/* A byte each way. */
static void pair_talk(const struct pair *pair)
{
	char byte = 0;

	assert_int_equal(send(pair->client, "?", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(pair->server, &byte, 1, 0), 1);
	assert_int_equal(byte, '?');
	assert_int_equal(send(pair->server, "!", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(pair->client, &byte, 1, 0), 1);
	assert_int_equal(byte, '!');
}

static void pair_close(const struct pair *pair)
{
	char byte;

	close(pair->client);
	assert_true(recv(pair->server, &byte, 1, 0) <= 0);
	close(pair->server);
}

static bool is_refused(void *context)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(context, &address);
	AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&address, size) < 0 && errno == ECONNREFUSED;
}

/* The entry of the server in `status`, borrowed from it; NULL: there is none. */
static const json_t *find_server(const json_t *status, const char *pool, const char *server)
{
	const json_t *one, *other;
	size_t i, j;

	json_array_foreach(json_object_get(status, "pools"), i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "name")), pool) != 0)
			continue;
		json_array_foreach(json_object_get(one, "servers"), j, other)
		{
			if (strcmp(json_string_value(json_object_get(other, "name")), server) == 0)
				return other;
		}
	}
	return NULL;
}

static bool nothing_leaves(void *context)
{
	json_t *status = lbd_call(context, "status", NULL);
	char *text = json_dumps(status, 0);
	bool found = strstr(text, "\"leaving\": true") != NULL;

	free(text);
	json_decref(status);
	return !found;
}

#define SERVICE "service web { listen = { $F } pool = p }\n"
#define START SERVICE "pool p { server a { address = $A } }\n"

/* Each of them after START and before it again; a connection to a stays, and so do its counters. */
static const char *const changes[] = {
	"service web { listen = { $F } pool = p fast-open = yes keepalive = 10s }\n pool p { server a { address = $A } "
	"}",
	SERVICE "pool p { server a { address = $A weight = 7 max-connections = 50 } }",
	SERVICE "pool p { balance = least-connections server a { address = $A } server b { address = $B } }",
	SERVICE "pool p { balance = maglev server b { address = $B } server a { address = $A } }",
	"pool first { server z { address = $C } }\n" START,
	"service aa { listen = { $G } pool = p }\n" START,
	"service aa { listen = { $G } pool = p protocol = udp timeouts { idle = 1m } }\n" START,
	"service web { listen = { $F, $G } pool = p }\n pool p { server a { address = $A } }",
	"service web { listen = { $G } pool = p }\n pool p { server a { address = $A } }",
	"service web { listen = { $F } pool = q }\n pool p { server a { address = $A } }\n pool q { server b { address "
	"= $B } }",
	"service web { listen = { $F } pool = p max-connections = 10 timeouts { idle = 1m } }\n"
	"pool p { queue { size = 5 } outlier { } slow-start = 1s server a { address = $A } }",
	"service web { listen = { $F } pool = p retries = 7 backup-pool = q }\n"
	"pool p { check script { command = /bin/true interval = 50ms } server a { address = $A } }\n pool q { }",
	"log { level = debug }\n" START,
};

static void each_change_leaves_the_rest_alone(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	struct pair kept = pair_open(&around.front);
	json_int_t total = lbd_service_number(&lbd, "web", "connections_total");

	(void)state;
	pair_talk(&kept);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct pair fresh;

		reload_to(&lbd, changes[i]);
		pair_talk(&kept);
		assert_int_equal(lbd_service_number(&lbd, "web", "connections_total"), total);
		assert_int_equal(lbd_service_number(&lbd, "web", "connections"), 1);
		assert_int_equal(lbd_server_number(&lbd, "p/a", "connections_total"), total);
		assert_int_equal(lbd_server_number(&lbd, "p/a", "connections"), 1);
		reload_to(&lbd, START);
		pair_talk(&kept);
		fresh = pair_open(&around.front);
		assert_int_equal(fresh.which, 0);
		pair_talk(&fresh);
		pair_close(&fresh);
		total++;
		assert_int_equal(lbd_service_number(&lbd, "web", "connections_total"), total);
	}
	assert_true(lbd_service_number(&lbd, "web", "bytes_in") >= (json_int_t)(3 * ARRAY_LEN(changes)));
	pair_close(&kept);
	wait_until(nothing_leaves, &lbd, 5000);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void a_removed_server_drains(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	struct pair kept = pair_open(&around.front), fresh;
	json_t *status;

	(void)state;
	/* Under its name there is another one, as the address is. */
	reload_to(&lbd, SERVICE "pool p { server a { address = $B } }");
	pair_talk(&kept);
	fresh = pair_open(&around.front);
	assert_int_equal(fresh.which, 1);
	pair_close(&fresh);
	reload_to(&lbd, SERVICE "pool p { server b { address = $B } }");
	status = lbd_call(&lbd, "status", NULL);
	assert_true(json_is_true(json_object_get(find_server(status, "p", "a"), "leaving")));
	assert_int_equal(json_integer_value(json_object_get(find_server(status, "p", "a"), "connections")), 1);
	assert_false(json_is_true(json_object_get(find_server(status, "p", "b"), "leaving")));
	json_decref(status);
	pair_talk(&kept);
	/* It comes back while it is leaving, and has counted on. */
	reload_to(&lbd, START);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "connections"), 1);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "connections_total"), 1);
	reload_to(&lbd, SERVICE "pool p { server b { address = $B } }");
	pair_close(&kept);
	wait_until(nothing_leaves, &lbd, 5000);
	status = lbd_call(&lbd, "status", NULL);
	assert_null(find_server(status, "p", "a"));
	json_decref(status);
	/* Gone is gone: now it begins from nothing. */
	reload_to(&lbd, START);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "connections_total"), 0);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void a_removed_service_ends_with_its_connections(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	struct pair kept = pair_open(&around.front), fresh;

	(void)state;
	reload_to(&lbd, "");
	wait_until(is_refused, &around.front, 5000);
	pair_talk(&kept);
	/* Another one on its port. */
	reload_to(&lbd, "service other { listen = { $F } pool = q }\n pool q { server b { address = $B } }");
	fresh = pair_open(&around.front);
	assert_int_equal(fresh.which, 1);
	assert_int_equal(lbd_service_number(&lbd, "other", "connections_total"), 1);
	pair_talk(&kept);
	/* A renamed one has the same sockets, so that nobody is refused meanwhile. */
	reload_to(&lbd, "service third { listen = { $F } pool = q }\n pool q { server b { address = $B } }");
	pair_talk(&fresh);
	pair_close(&fresh);
	fresh = pair_open(&around.front);
	assert_int_equal(lbd_service_number(&lbd, "third", "connections_total"), 1);
	pair_talk(&kept);
	pair_close(&kept);
	pair_close(&fresh);
	wait_until(nothing_leaves, &lbd, 5000);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

/* The sections, and what is said of them. */
static const struct {
	const char *sections;
	const char *says;
} mistakes[] = {
	{START "pool p { }", "conf:"},
	{START "bogus { }", "section 'bogus' is not known"},
	{"service web { listen = { $F } pool = x }", "there is no pool 'x'"},
	{START "service taken { listen = { $A } pool = p }", "another process listens there"},
	{SERVICE "pool p { server a { address = $A } check script { command = /nonexistent } }", "/nonexistent"},
	{SERVICE "pool p { server a { address = $A } check http { tls = yes verify = yes ca-file = /nonexistent } }",
		"/nonexistent"},
};

struct counted {
	const struct lbd_process *lbd;
	unsigned sockets;
};

/* That of the command has gone by then. */
static bool has_sockets(void *context)
{
	const struct counted *counted = context;

	return lbd_count_sockets(counted->lbd) == counted->sockets;
}

static void a_mistake_changes_nothing(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	struct pair kept = pair_open(&around.front);
	json_t *before = lbd_call(&lbd, "status", NULL), *after;
	unsigned sockets;

	(void)state;
	/* Listeners of two workers, a connection's two, the control socket. */
	sockets = 2 + 2 + 1;
	wait_until(has_sockets, &(struct counted){&lbd, sockets}, 5000);
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		json_t *answer = reload(&lbd, mistakes[i].sections, false);
		const char *errors = json_string_value(json_object_get(answer, "errors"));

		assert_false(json_is_true(json_object_get(answer, "done")));
		if (strstr(errors, mistakes[i].says) == NULL)
			fail_msg("\"%s\" where \"%s\" is expected", errors, mistakes[i].says);
		json_decref(answer);
		pair_talk(&kept);
		after = lbd_call(&lbd, "status", NULL);
		assert_true(json_equal(json_object_get(before, "config_hash"), json_object_get(after, "config_hash")));
		json_decref(after);
		wait_until(has_sockets, &(struct counted){&lbd, sockets}, 5000);
	}
	json_decref(before);
	pair_close(&kept);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void a_dry_run_tells_and_does_nothing(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	json_t *answer = reload(&lbd, SERVICE "pool p { server a { address = $A weight = 5 } }", true);

	(void)state;
	assert_true(json_is_true(json_object_get(answer, "done")));
	assert_non_null(strstr(json_string_value(json_object_get(answer, "plan")), "~ server p/a  weight: 100 -> 5\n"));
	json_decref(answer);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "weight"), 100);
	reload_to(&lbd, SERVICE "pool p { server a { address = $A weight = 5 } }");
	assert_int_equal(lbd_server_number(&lbd, "p/a", "weight"), 5);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void lbctl_says_how_it_went(void **state)
{
	static const struct {
		const char *sections;
		const char *arguments;
		int status;
	} cases[] = {
		{START, "reload --dry-run", 0},
		{START, "reload", 0},
		{START "bogus { }", "reload --dry-run", 1},
		{START "bogus { }", "reload", 1},
		{START, "reload now", 2},
	};
	struct lbd_process lbd = lbd_start(fill(START), 0);
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status;

		lbd_configure(&lbd, fill(cases[i].sections));
		snprintf(line, sizeof line, "./lbctl/lbctl --run-dir %s/run %s >/dev/null 2>&1", lbd.dir,
			cases[i].arguments);
		status = system(line);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].status);
	}
	snprintf(line, sizeof line, "./lbctl/lbctl --run-dir %s/none reload >/dev/null 2>&1", lbd.dir);
	assert_int_equal(WEXITSTATUS(system(line)), 3);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void vrrpd_hears_of_the_services(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	struct liveness_service services[4];
	struct liveness *live;
	char run_dir[128];

	(void)state;
	snprintf(run_dir, sizeof run_dir, "%s/run", lbd.dir);
	assert_int_equal(liveness_open(run_dir, &live), 0);
	reload_to(&lbd, "service aa { listen = { $G } pool = q }\n pool q { }\n" START);
	assert_int_equal(liveness_read_services(live, services, ARRAY_LEN(services)), 2);
	assert_string_equal(services[0].name, "aa");
	assert_false(services[0].up);
	assert_string_equal(services[1].name, "web");
	assert_true(services[1].up);
	liveness_free(live);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static bool weight_is_9(void *context)
{
	return lbd_server_number(context, "p/a", "weight") == 9;
}

static void the_signal_reloads(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);

	(void)state;
	lbd_configure(&lbd, fill(SERVICE "pool p { server a { address = $A weight = 9 } }"));
	assert_int_equal(kill(lbd.pid, SIGHUP), 0);
	wait_until(weight_is_9, &lbd, 5000);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void decisions_stay_until_the_file_says_otherwise(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);

	(void)state;
	json_decref(lbd_call(&lbd, "weight", json_pack("{s:s, s:i}", "server", "p/a", "weight", 3)));
	reload_to(&lbd, SERVICE "pool p { server a { address = $A } server b { address = $B } }");
	assert_int_equal(lbd_server_number(&lbd, "p/a", "weight"), 3);
	reload_to(&lbd, SERVICE "pool p { server a { address = $A weight = 50 } }");
	assert_int_equal(lbd_server_number(&lbd, "p/a", "weight"), 50);
	reload_to(&lbd, START);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "weight"), 100);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) > 0;
}

/* Connections from before a limit count against it. */
static void a_new_limit_is_exact(void **state)
{
	struct lbd_process lbd = lbd_start(fill(START), 0);
	struct pair first = pair_open(&around.front), second = pair_open(&around.front);
	int late;
	struct pair third;

	(void)state;
	reload_to(&lbd, SERVICE "pool p { server a { address = $A max-connections = 2 } queue { size = 5 } }");
	late = connect_to(&around.front);
	assert_false(is_readable(around.fds[0], 300));
	pair_close(&first);
	assert_true(is_readable(around.fds[0], 5000));
	third = (struct pair){.client = late, .server = accept_from(around.fds[0])};
	/* The same for a service. */
	reload_to(&lbd,
		"service web { listen = { $F } pool = p max-connections = 2 }\n pool p { server a { address = $A } }");
	late = connect_to(&around.front);
	assert_false(is_readable(around.fds[0], 300));
	pair_close(&second);
	assert_true(is_readable(around.fds[0], 5000));
	second = (struct pair){.client = late, .server = accept_from(around.fds[0])};
	/* And away with it. */
	reload_to(&lbd, START);
	first = pair_open(&around.front);
	pair_talk(&first);
	pair_close(&first);
	pair_close(&second);
	pair_close(&third);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static int udp_socket(const struct endpoint *from, const struct endpoint *to)
{
	const struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(from != NULL ? from : to, &address);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	if (from != NULL)
		assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	else
		assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static void udp_talk(int client, int server)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof from;
	char byte;

	assert_int_equal(send(client, "?", 1, 0), 1);
	assert_int_equal(recvfrom(server, &byte, 1, 0, (struct sockaddr *)&from, &size), 1);
	assert_int_equal(sendto(server, "!", 1, 0, (struct sockaddr *)&from, size), 1);
	assert_int_equal(recv(client, &byte, 1, 0), 1);
}

static void sessions_of_udp_go_on(void **state)
{
	static const char dns[] = "service dns { listen = { $F } pool = u protocol = udp timeouts { idle = 2s } }\n"
				  "pool u { server a { address = $A } }\n";
	struct lbd_process lbd = lbd_start(fill(START), 0);
	int server = udp_socket(&around.back[0], NULL), client = udp_socket(NULL, &around.front), other;

	(void)state;
	/* Added to a process that had none. */
	reload_to(&lbd, dns);
	udp_talk(client, server);
	reload_to(&lbd, START);
	udp_talk(client, server);
	other = udp_socket(NULL, &around.front);
	assert_int_equal(send(other, "?", 1, 0), 1);
	assert_false(is_readable(server, 300));
	udp_talk(client, server);
	/* It comes back, and all are served. */
	reload_to(&lbd, dns);
	udp_talk(other, server);
	udp_talk(client, server);
	reload_to(&lbd, START);
	wait_until(nothing_leaves, &lbd, 10000);
	close(client);
	close(other);
	close(server);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

/* A hundred under load. */

#define ROUNDS 100

static long rss_kib(const struct lbd_process *lbd)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)lbd->pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kib);
	fclose(file);
	return kib;
}

/* Something comes, goes or changes each time; `base` is the pool that is asked all the while. */
static void change(const struct lbd_process *lbd, const char *base, unsigned round)
{
	AUTO_TEXT text = {0};
	char ip[IP_TEXT_MAX];

	text_addf(&text, "service web { listen = { $F%s } pool = p timeouts { idle = %us } retries = %u }\n",
		round % 2 == 0 ? ", $G" : "", 60 + round % 7, 2 + round % 3);
	text_addf(&text, "pool p { balance = %s %s check tcp { interval = %ums }\n%s }\n",
		round % 5 == 0 ? "least-connections" : "round-robin", round % 4 == 0 ? "outlier { }" : "",
		round % 3 == 0 ? 50 : 70, base);
	if (round % 3 != 0)
		text_addf(&text, "service extra%u { listen = { \"%s:%u\" } pool = q%u protocol = %s %s }\n", round % 10,
			ip_text(&around.front.ip, ip), 20000 + round % 11, round % 6, round % 2 == 0 ? "udp" : "tcp",
			round % 2 == 0 ? "timeouts { idle = 1m }" : "");
	text_addf(&text, "pool q%u { server x%u { address = $A } server y { address = 127.0.0.1:%u } }\n", round % 6,
		round, 41000 + round);
	reload_to(lbd, text_get(&text));
}

static void a_hundred_under_load(void **state)
{
	static struct load_server servers[3];
	static struct load load;
	struct lbd_process lbd;
	AUTO_TEXT all = {0};
	AUTO_TEXT two = {0};
	AUTO_TEXT first = {0};
	long rss;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct endpoint back = free_endpoint((uint8_t)(170 + i));

		load_server_start(&servers[i], &back, (char)('a' + i));
		text_addf(&all, "server s%zu { address = \"%s\" }\n", i, at(&back));
		if (i < 2)
			text_addf(&two, "server s%zu { address = \"%s\" weight = 30 }\n", i, at(&back));
	}
	text_addf(&first, "service web { listen = { $F } pool = p }\npool p { %s }\n", text_get(&all));
	lbd = lbd_start(fill(text_get(&first)), 0);
	load_start(&load, &around.front);
	for (unsigned i = 0; i < 20; i++)
		change(&lbd, text_get(i % 2 == 0 ? &all : &two), i);
	rss = rss_kib(&lbd);
	for (unsigned i = 0; i < ROUNDS; i++)
		change(&lbd, text_get(i % 2 == 0 ? &all : &two), i);
	rss = rss_kib(&lbd) - rss;
	load_stop(&load);
	if (load.failures > 0)
		fail_msg("%llu failures: %s", (unsigned long long)load.failures, load.error);
	assert_true(load.answers['a'] > 0 && load.answers['b'] > 0 && load.answers['c'] > 0);
	reload_to(&lbd, text_get(&first));
	wait_until(nothing_leaves, &lbd, 10000);
	/* The listeners of two workers, and the control socket. */
	wait_until(has_sockets, &(struct counted){&lbd, 2 + 1}, 10000);
	printf("%u reloads, %ld KiB more\n", ROUNDS, rss);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* A configuration that stays takes 64 KiB at least; what threads' heaps keep has been up to 2.7 MiB. */
	assert_in_range(rss + 100000, 0, 100000 + ROUNDS * 48);
#endif
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	for (size_t i = 0; i < ARRAY_LEN(servers); i++)
		load_server_kill(&servers[i]);
}

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_leaves_the_rest_alone),
		cmocka_unit_test(a_removed_server_drains),
		cmocka_unit_test(a_removed_service_ends_with_its_connections),
		cmocka_unit_test(a_mistake_changes_nothing),
		cmocka_unit_test(a_dry_run_tells_and_does_nothing),
		cmocka_unit_test(lbctl_says_how_it_went),
		cmocka_unit_test(vrrpd_hears_of_the_services),
		cmocka_unit_test(the_signal_reloads),
		cmocka_unit_test(decisions_stay_until_the_file_says_otherwise),
		cmocka_unit_test(a_new_limit_is_exact),
		cmocka_unit_test(sessions_of_udp_go_on),
		cmocka_unit_test(a_hundred_under_load),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, NULL);
}
