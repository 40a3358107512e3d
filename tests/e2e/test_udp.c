/* SPDX-License-Identifier: MIT */
/* Datagrams through lbd as a process, on loopback and without privilege. */
#include "tests/e2e/daemon.h"
#include "tests/unit/unit.h"

#include "common/system/fd.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Two servers that answer what the test has them answer. */
static struct {
	struct endpoint at[2];
	int fds[2];
} servers;

static struct lbd_process lbd;
static struct endpoint front;
static unsigned sockets; /* of lbd, at rest */

static const char *text_of(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

/* Sockets. */

static int udp_socket(int family)
{
	const struct timeval limit = {.tv_sec = 5};
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

/* With port 0 one is chosen. */
static int serve(struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = udp_socket(endpoint->ip.family);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(endpoint_from_sockaddr(&address, endpoint), 0);
	return fd;
}

static struct endpoint free_port(uint8_t host)
{
	struct endpoint endpoint = free_endpoint(host);

	endpoint.port = 0;
	close(serve(&endpoint));
	return endpoint;
}

/* A client that takes datagrams from there alone. */
static int client_of(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = udp_socket(endpoint->ip.family);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	/* What ICMP told of an earlier one is not the point. */
	if (send(fd, text, strlen(text), 0) < 0)
		assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void expect(int fd, const char *text)
{
	char bytes[100];

	assert_int_equal(recv(fd, bytes, sizeof bytes, 0), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static unsigned char bytes[70000];

/* Answers the next datagram with itself; where it came from. */
static uint16_t echo(int fd)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof from;
	struct endpoint endpoint;
	ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);

	assert_true(got >= 0);
	assert_int_equal(sendto(fd, bytes, (size_t)got, 0, (struct sockaddr *)&from, size), got);
	assert_int_equal(endpoint_from_sockaddr(&from, &endpoint), 0);
	return endpoint.port;
}

/* Which of the servers has got something, and echoes it; 2: none. */
static size_t echo_any(void)
{
	struct pollfd fds[] = {
		{.fd = servers.fds[0], .events = POLLIN},
		{.fd = servers.fds[1], .events = POLLIN},
	};

	(void)poll(fds, 2, 300);
	for (size_t i = 0; i < 2; i++) {
		if (fds[i].revents & POLLIN) {
			(void)echo(servers.fds[i]);
			return i;
		}
	}
	return 2;
}

/* The process. */

static void start(const char *service, const char *pool, unsigned open_files)
{
	AUTO_TEXT sections = {0};

	text_addf(&sections, "service s { listen = { \"%s\" } protocol = udp pool = p %s }\npool p { %s }\n",
		text_of(&front), service, pool);
	lbd = lbd_start(text_get(&sections), open_files);
	sockets = lbd_count_sockets(&lbd);
}

static json_int_t number(const char *field)
{
	return lbd_service_number(&lbd, "s", field);
}

/* A worker counts what it has sent when all of it has gone. */
static bool has_sent(void *context)
{
	const json_int_t *bytes_wanted = context;

	return number("bytes_out") >= *bytes_wanted;
}

static bool is_at_rest(void *context)
{
	(void)context;
	return number("connections") == 0 && lbd_count_sockets(&lbd) <= sockets;
}

static const char *pool_of(const char *options_a, const char *options_b)
{
	static char text[300];

	snprintf(text, sizeof text, "server a { address = \"%s\" %s }\nserver b { address = \"%s\" %s }",
		text_of(&servers.at[0]), options_a, text_of(&servers.at[1]), options_b);
	return text;
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		servers.at[i] = free_port((uint8_t)(1 + i));
		servers.fds[i] = serve(&servers.at[i]);
	}
	front = free_port(100);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		close(servers.fds[i]);
	/* The sanitizers speak by the exit status. */
	return lbd.pid == 0 || lbd_end(&lbd, SIGTERM) == 0 ? 0 : -1;
}

/* Many sessions. */

#define CLIENTS 3000
#define AT_ONCE 24

static uint32_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static size_t fill(unsigned client, unsigned round)
{
	static const uint32_t limits[] = {1, 100, 1500, 9000};
	size_t size = client % 500 == 7 ? 65507 : random_below(limits[random_below(4)]);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(client * 31 + round * 7 + i * i / 3);
	return size;
}

static void role(const char *name, const char *address)
{
	json_t *result = lbd_call(
		&lbd, "role", json_pack("{s:s, s:s, s:[s]}", "vip", "web", "state", name, "addresses", address));

	assert_non_null(result);
	json_decref(result);
}

static void thousands_of_sessions_pass_unchanged(void **state)
{
	static unsigned char sent[AT_ONCE][65536];
	static uint16_t ports[CLIENTS];
	static int fds[CLIENTS];
	struct rlimit limit = {20000, 20000};
	json_int_t total = 0;
	char address[IP_TEXT_MAX];

	(void)state;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	start("", pool_of("", "weight = 0"), 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		fds[i] = client_of(&front);
	for (unsigned i = 0; i < 3 * CLIENTS; i += AT_ONCE) {
		size_t sizes[AT_ONCE];
		uint16_t port[AT_ONCE];

		for (unsigned j = 0; j < AT_ONCE; j++) {
			unsigned client = (i + j) % CLIENTS;

			sizes[j] = fill(client, i);
			memcpy(sent[j], bytes, sizes[j]);
			assert_int_equal(send(fds[client], bytes, sizes[j], 0), sizes[j]);
			/* One by one, so that no buffer overflows and each port can be told. */
			port[j] = echo(servers.fds[0]);
			assert_true(i < CLIENTS || ports[client] == port[j]);
			ports[client] = port[j];
			total += (json_int_t)sizes[j];
		}
		for (unsigned j = 0; j < AT_ONCE; j++) {
			assert_int_equal(recv(fds[(i + j) % CLIENTS], bytes, sizeof bytes, 0), sizes[j]);
			assert_memory_equal(bytes, sent[j], sizes[j]);
		}
	}
	wait_until(has_sent, &total, 10000);
	assert_int_equal(number("connections"), CLIENTS);
	assert_int_equal(number("connections_total"), CLIENTS);
	assert_int_equal(number("bytes_in"), total);
	assert_int_equal(number("bytes_out"), total);
	assert_int_equal(number("datagrams_dropped"), 0);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "connections"), CLIENTS);
	/* The control connections come and go. */
	assert_in_range(lbd_count_sockets(&lbd), sockets + CLIENTS - 1, sockets + CLIENTS + 1);
	/* The address goes to the other node: all sessions end, and later ones are served. */
	role("backup", ip_text(&front.ip, address));
	assert_int_equal(number("connections"), 0);
	wait_until(is_at_rest, NULL, 2000);
	say(fds[0], "again");
	(void)echo(servers.fds[0]);
	expect(fds[0], "again");
	assert_int_equal(number("connections"), 1);
	for (unsigned i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

/* Addresses. */

static void answers_come_from_the_address_that_was_asked(void **state)
{
	struct endpoint asked[] = {front, front, front};
	int fds[3];

	(void)state;
	memset(&front.ip.bytes, 0, sizeof front.ip.bytes);
	start("", pool_of("", ""), 0);
	for (uint8_t i = 0; i < 3; i++) {
		asked[i].ip.bytes[3] = (uint8_t)(101 + i);
		fds[i] = client_of(&asked[i]);
		say(fds[i], "hello");
		assert_true(echo_any() < 2);
		expect(fds[i], "hello");
	}
	assert_int_equal(number("connections"), 3);
	/* One address of several is given up. */
	{
		char address[IP_TEXT_MAX];

		role("backup", ip_text(&asked[1].ip, address));
		assert_int_equal(number("connections"), 2);
	}
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static void families_may_differ(void **state)
{
	static const struct {
		struct ip front, asked, back;
	} cases[] = {
		{{.family = AF_INET6}, {.family = AF_INET6, .bytes[15] = 1},
			{.family = AF_INET, .bytes = {127, 0, 0, 1}}},
		{{.family = AF_INET6, .bytes[15] = 1}, {.family = AF_INET6, .bytes[15] = 1},
			{.family = AF_INET, .bytes = {127, 0, 0, 1}}},
		{{.family = AF_INET}, {.family = AF_INET, .bytes = {127, 0, 0, 1}},
			{.family = AF_INET6, .bytes[15] = 1}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint asked = {.ip = cases[i].asked}, back = {.ip = cases[i].back};
		AUTO_FD server = serve(&back);
		AUTO_FD client = -1;
		char pool[100];

		close(serve(&asked));
		front = (struct endpoint){.ip = cases[i].front, .port = asked.port};
		snprintf(pool, sizeof pool, "server s { address = \"%s\" }", text_of(&back));
		start("", pool, 0);
		client = client_of(&asked);
		say(client, "");
		(void)echo(server);
		expect(client, "");
		/* More than an IPv4 datagram can hold is dropped, and the session goes on. */
		if (cases[i].front.family == AF_INET6) {
			assert_int_equal(send(client, bytes, 65527, 0), 65527);
			assert_false(is_readable(server, 100));
			assert_int_equal(number("datagrams_dropped"), 1);
		}
		say(client, "more");
		(void)echo(server);
		expect(client, "more");
		assert_int_equal(number("connections_total"), 1);
		if (i + 1 < ARRAY_LEN(cases))
			assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	}
}

/* Servers that fail. */

static void a_refusal_sends_the_next_datagram_elsewhere(void **state)
{
	(void)state;
	close(servers.fds[0]);
	servers.fds[0] = udp_socket(AF_INET);
	start("retries = 1 udp { answers = 1 }", pool_of("weight = 256", "weight = 1"), 0);
	for (unsigned i = 0; i < 20; i++) {
		AUTO_FD client = client_of(&front);
		unsigned tries = 0;

		do {
			say(client, "hello");
			tries++;
		} while (echo_any() == 2 && tries < 3);
		assert_in_range(tries, 1, 2);
		expect(client, "hello");
	}
	assert_true(lbd_server_number(&lbd, "p/a", "connects_failed") > 10);
	assert_int_equal(lbd_server_number(&lbd, "p/a", "connections"), 0);
	assert_int_equal(lbd_server_number(&lbd, "p/b", "connections_total"), 20);
	assert_int_equal(number("connections"), 0);
	assert_int_equal(number("refused_total"), 0);
}

static void a_session_survives_its_servers_restart(void **state)
{
	AUTO_FD client = client_of(&front);
	size_t first;

	(void)state;
	start("", pool_of("", ""), 0);
	say(client, "one");
	first = echo_any();
	expect(client, "one");
	close(servers.fds[first]);
	servers.fds[first] = udp_socket(AF_INET);
	say(client, "lost");
	assert_int_equal(echo_any(), 2);
	say(client, "two");
	assert_int_equal(echo_any(), 1 - first);
	expect(client, "two");
	/* And back, when the other one has gone. */
	close(servers.fds[first]);
	servers.fds[first] = serve(&servers.at[first]);
	close(servers.fds[1 - first]);
	servers.fds[1 - first] = udp_socket(AF_INET);
	say(client, "lost");
	assert_int_equal(echo_any(), 2);
	say(client, "three");
	assert_int_equal(echo_any(), first);
	expect(client, "three");
	assert_int_equal(number("connections_total"), 1);
}

static void without_a_server_datagrams_are_counted(void **state)
{
	AUTO_FD client = client_of(&front);

	(void)state;
	start("", "", 0);
	for (unsigned i = 0; i < 5; i++)
		say(client, "hello");
	assert_false(is_readable(client, 200));
	assert_int_equal(number("datagrams_dropped"), 5);
	assert_in_range(number("refused_total"), 1, 5);
	assert_int_equal(number("connections"), 0);
}

static void drain_keeps_sessions(void **state)
{
	AUTO_FD client = client_of(&front);
	size_t first;

	(void)state;
	start("", pool_of("", ""), 0);
	say(client, "one");
	first = echo_any();
	expect(client, "one");
	json_decref(lbd_call(&lbd, "drain", json_pack("{s:s}", "server", first == 0 ? "p/a" : "p/b")));
	for (unsigned i = 0; i < 10; i++) {
		AUTO_FD other = client_of(&front);

		say(other, "x");
		assert_int_equal(echo_any(), 1 - first);
		expect(other, "x");
	}
	say(client, "still here");
	assert_int_equal(echo_any(), first);
	expect(client, "still here");
}

/* Ends. */

static void sessions_end_when_they_are_idle(void **state)
{
	AUTO_FD client = client_of(&front);

	(void)state;
	start("timeouts { idle = 1500ms }", pool_of("", "weight = 0"), 0);
	for (unsigned i = 0; i < 4; i++) {
		say(client, "y");
		(void)echo(servers.fds[0]);
		expect(client, "y");
		assert_false(is_readable(client, 600));
	}
	assert_int_equal(number("connections_total"), 1);
	wait_until(is_at_rest, NULL, 6000);
}

static void answers_end_sessions(void **state)
{
	int fds[40];

	(void)state;
	start("udp { answers = 1 }", pool_of("", "weight = 0"), 0);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_of(&front);
		/* Two questions at once, as resolvers ask, and a single one. */
		say(fds[i], "A");
		if (i % 2 == 0)
			say(fds[i], "AAAA");
		(void)echo(servers.fds[0]);
		if (i % 2 == 0)
			(void)echo(servers.fds[0]);
		expect(fds[i], "A");
		if (i % 2 == 0)
			expect(fds[i], "AAAA");
	}
	assert_int_equal(number("connections"), 0);
	wait_until(is_at_rest, NULL, 2000);
	assert_int_equal(number("connections_total"), ARRAY_LEN(fds));
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

#define CROWD 300

/* Whatever there is too little of: what is refused is counted, those at work stay, and those that rest give way. */
static void be_crowded(unsigned open_files)
{
	static int fds[CROWD];
	int served = 0, late;
	int64_t cpu_ms;

	start("timeouts { idle = 3s }", pool_of("", "weight = 0"), open_files);
	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = client_of(&front);
		say(fds[i], "hello");
	}
	for (; is_readable(servers.fds[0], 100); served++)
		(void)echo(servers.fds[0]);
	assert_in_range(served, 5, CROWD / 2);
	cpu_ms = lbd_cpu_ms(&lbd);
	assert_false(is_readable(servers.fds[0], 1200));
	assert_in_range(lbd_cpu_ms(&lbd) - cpu_ms, 0, 300);
	for (unsigned i = 0; i < 5; i++) {
		late = client_of(&front);
		say(late, "late");
		(void)echo(servers.fds[0]);
		expect(late, "late");
		close(late);
	}
	/* Without a descriptor it cannot even say how it is. */
	poll(NULL, 0, 3300);
	wait_until(is_at_rest, NULL, 1000);
	assert_in_range(number("sessions_evicted"), 1, 5);
	assert_int_equal(number("datagrams_dropped"), CROWD - served);
	assert_int_equal(number("refused_total"), CROWD - served);
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
}

static void descriptors_run_out_quietly(void **state)
{
	(void)state;
	be_crowded(48);
}

static void sessions_leave_descriptors_to_others(void **state)
{
	(void)state;
	be_crowded(160);
}

static bool has_gone(void *context)
{
	json_t *status = lbd_call(&lbd, "status", NULL);

	(void)context;
	json_decref(status);
	return status == NULL;
}

static void quit_waits_for_the_last_session(void **state)
{
	AUTO_FD client = client_of(&front);
	AUTO_FD late = client_of(&front);

	(void)state;
	start("timeouts { idle = 2s }", pool_of("", "weight = 0"), 0);
	say(client, "one");
	(void)echo(servers.fds[0]);
	expect(client, "one");
	assert_int_equal(kill(lbd.pid, SIGQUIT), 0);
	poll(NULL, 0, 300);
	say(late, "too late");
	say(client, "two");
	(void)echo(servers.fds[0]);
	expect(client, "two");
	assert_false(is_readable(servers.fds[0], 100));
	wait_until(has_gone, NULL, 10000);
	assert_int_equal(lbd_end(&lbd, 0), 0);
	lbd.pid = 0;
}

static void a_taken_port_is_one_clear_line(void **state)
{
	AUTO_FD holder = serve(&front);
	AUTO_TEXT sections = {0};
	AUTO_TEXT errors = {0};

	(void)state;
	assert_true(holder >= 0);
	lbd.pid = 0;
	text_addf(
		&sections, "service s { listen = { \"%s\" } protocol = udp pool = p }\npool p { }\n", text_of(&front));
	assert_int_equal(lbd_run_briefly(text_get(&sections), &errors), 1);
	assert_non_null(strstr(text_get(&errors), text_of(&front)));
	assert_non_null(strstr(text_get(&errors), "ss -lunp"));
}

#define BURST 4000

static bool burst_is_accounted_for(void *context)
{
	(void)context;
	return number("bytes_in") / 1000 + number("datagrams_dropped") == BURST;
}

/* proc(5): the state stands behind the name's closing parenthesis. */
static bool thread_has_stopped(const char *tid)
{
	char path[300], line[256] = "";
	const char *name_end;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)lbd.pid, tid);
	file = fopen(path, "re");
	if (file == NULL)
		return true; /* It has ended meanwhile. */
	(void)fgets(line, sizeof line, file);
	fclose(file);
	name_end = strrchr(line, ')');
	return name_end != NULL && strncmp(name_end, ") T", 3) == 0;
}

/* Whether all threads of lbd have. */
static bool has_stopped(void *context)
{
	const struct dirent *entry;
	bool stopped = true;
	char path[64];
	DIR *dir;

	(void)context;
	snprintf(path, sizeof path, "/proc/%d/task", (int)lbd.pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		stopped &= entry->d_name[0] == '.' || thread_has_stopped(entry->d_name);
	closedir(dir);
	return stopped;
}

/* What comes while nobody reads is dropped by the kernel, and counted by it. */
static void the_kernels_drops_are_counted(void **state)
{
	AUTO_FD client = client_of(&front);

	(void)state;
	start("", pool_of("", "weight = 0"), 0);
	assert_int_equal(kill(lbd.pid, SIGSTOP), 0);
	/* Only then is nobody reading. */
	wait_until(has_stopped, NULL, 5000);
	for (unsigned i = 0; i < BURST; i++)
		assert_int_equal(send(client, bytes, 1000, 0), 1000);
	assert_int_equal(kill(lbd.pid, SIGCONT), 0);
	wait_until(burst_is_accounted_for, NULL, 4000);
	assert_in_range(number("datagrams_dropped"), 1, BURST - 1);
}

/* Joined datagrams. */

static void joined_datagrams_arrive_one_by_one(void **state)
{
	static unsigned char joined[12 * 1200 + 77];
	json_int_t total = sizeof joined;
	AUTO_FD client = client_of(&front);
	int segment = 1200;

	(void)state;
	start("", pool_of("", "weight = 0"), 0);
	for (size_t i = 0; i < sizeof joined; i++)
		joined[i] = (unsigned char)(i * i / 7);
	if (setsockopt(client, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) < 0)
		skip();
	assert_int_equal(send(client, joined, sizeof joined, 0), sizeof joined);
	for (size_t i = 0; i < 13; i++)
		(void)echo(servers.fds[0]);
	for (size_t i = 0; i < 13; i++) {
		size_t size = i < 12 ? 1200 : 77;

		assert_int_equal(recv(client, bytes, sizeof bytes, 0), size);
		assert_memory_equal(bytes, joined + i * 1200, size);
	}
	wait_until(has_sent, &total, 10000);
	assert_int_equal(number("bytes_out"), total);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		TEST(thousands_of_sessions_pass_unchanged),
		TEST(answers_come_from_the_address_that_was_asked),
		TEST(families_may_differ),
		TEST(a_refusal_sends_the_next_datagram_elsewhere),
		TEST(a_session_survives_its_servers_restart),
		TEST(without_a_server_datagrams_are_counted),
		TEST(drain_keeps_sessions),
		TEST(sessions_end_when_they_are_idle),
		TEST(answers_end_sessions),
		TEST(descriptors_run_out_quietly),
		TEST(sessions_leave_descriptors_to_others),
		TEST(quit_waits_for_the_last_session),
		TEST(a_taken_port_is_one_clear_line),
		TEST(the_kernels_drops_are_counted),
		TEST(joined_datagrams_arrive_one_by_one),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
