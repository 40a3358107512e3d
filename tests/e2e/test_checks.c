/* SPDX-License-Identifier: MIT */
/* Checks of servers as lbd makes them and tells of them. */
#include "tests/e2e/daemon.h"
#include "tests/e2e/tls_server.h"
#include "tests/unit/unit.h"

#include "common/system/clock.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY 86400L

/* One lbd with a pool `p` of a server `s`, checked as `check` says. */
static struct lbd_process start_with(const char *check, const struct endpoint *server)
{
	struct endpoint front = free_endpoint(80);
	char front_text[ENDPOINT_TEXT_MAX], server_text[ENDPOINT_TEXT_MAX];
	AUTO_TEXT sections = {0};

	text_addf(&sections, "service s { listen = { \"%s\" } pool = p }\n", endpoint_text(&front, front_text));
	text_addf(&sections, "pool p { %s\n server s { address = \"%s\" } }\n", check,
		endpoint_text(server, server_text));
	return lbd_start(text_get(&sections), 0);
}

/* What is waited for: that the server's check reads so, and its health, while `serve` answers the checks. */
struct wanted {
	const struct lbd_process *lbd;
	const char *text; /* how it begins */
	const char *health;
	int listener;
	void (*serve)(int fd);
};

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static bool reads_so(void *context)
{
	const struct wanted *wanted = context;
	char text[200], health[200];

	while (wanted->serve != NULL && is_readable(wanted->listener, 20))
		wanted->serve(wanted->listener);
	lbd_server_text(wanted->lbd, "p/s", "check", text);
	lbd_server_text(wanted->lbd, "p/s", "health", health);
	return strncmp(text, wanted->text, strlen(wanted->text)) == 0 && strcmp(health, wanted->health) == 0;
}

static void expect_date(const struct lbd_process *lbd, long seconds)
{
	char text[200], certificate[200], date[32];
	time_t until = clock_real_ns() / NS_PER_S + seconds;
	struct tm tm;

	/* The certificate was made moments ago; a second of the next day is forgiven. */
	until -= 5;
	gmtime_r(&until, &tm);
	strftime(date, sizeof date, "%Y-%m-%d", &tm);
	lbd_server_text(lbd, "p/s", "check", text);
	lbd_server_text(lbd, "p/s", "certificate_until", certificate);
	assert_non_null(strstr(text, ", certificate until "));
	if (tm.tm_hour != 23 || tm.tm_min != 59) {
		assert_non_null(strstr(text, date));
		assert_memory_equal(certificate, date, 10);
	}
	assert_int_equal(strlen(certificate), strlen("2027-01-02T03:04:05Z"));
}

static struct tls_server tls;
static const char *tls_response;
static char tls_request[1024];

static void serve_tls(int listener)
{
	(void)tls_server_answer(&tls, accept_from(listener), tls_response, tls_request);
}

static void serve_nonsense(int listener)
{
	int fd = accept_from(listener);
	static const char bytes[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	(void)send(fd, bytes, sizeof bytes - 1, MSG_NOSIGNAL);
	close(fd);
}

static void tls_checks_show_the_certificate(void **state)
{
	struct endpoint back = free_endpoint(81);
	struct wanted wanted = {.listener = listen_on(&back, 64)};
	struct lbd_process lbd;

	(void)state;
	tls_server_init(&tls, "app", 40 * DAY, TLS1_3_VERSION);
	tls_response = NULL;
	lbd = start_with("check tls { interval = 40ms timeout = 500ms rise = 1 fall = 1 host = shop.example }", &back);
	wanted.lbd = &lbd;
	wanted.text = "TLS 1.3 in ";
	wanted.health = "up";
	wanted.serve = serve_tls;
	wait_until(reads_so, &wanted, 5000);
	expect_date(&lbd, 40 * DAY);
	assert_string_equal(tls.asked, "shop.example");
	wanted.text = "TLS: wrong version number";
	wanted.health = "down";
	wanted.serve = serve_nonsense;
	wait_until(reads_so, &wanted, 5000);
	close(wanted.listener);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	tls_server_free(&tls);
}

static void https_checks_read_the_answer(void **state)
{
	struct endpoint back = free_endpoint(82);
	struct wanted wanted = {.listener = listen_on(&back, 64), .serve = serve_tls};
	struct lbd_process lbd;

	(void)state;
	tls_server_init(&tls, "app", 40 * DAY, TLS1_2_VERSION);
	tls_response = "HTTP/1.1 200 OK\r\n\r\nready";
	lbd = start_with("check http { tls = yes host = app interval = 40ms timeout = 500ms rise = 1 fall = 1 "
			 "expect-body = ready }",
		&back);
	wanted.lbd = &lbd;
	wanted.text = "HTTP 200 in ";
	wanted.health = "up";
	wait_until(reads_so, &wanted, 5000);
	expect_date(&lbd, 40 * DAY);
	assert_ptr_equal(strstr(tls_request, "GET /healthz HTTP/1.1\r\nHost: app\r\n"), tls_request);
	tls_response = "HTTP/1.1 503 Busy\r\n\r\n";
	wanted.text = "HTTP 503 where 200-399 is expected, certificate until ";
	wanted.health = "down";
	wait_until(reads_so, &wanted, 5000);
	close(wanted.listener);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	tls_server_free(&tls);
}

static void certificates_are_verified(void **state)
{
	struct endpoint back = free_endpoint(83);
	struct wanted wanted = {.listener = listen_on(&back, 64), .serve = serve_tls};
	char bundle[] = "/tmp/lbpair-bundle-XXXXXX", check[200];
	int fd = mkstemp(bundle);
	struct lbd_process lbd;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	tls_server_init(&tls, "app", 40 * DAY, TLS1_3_VERSION);
	tls_server_write_certificate(&tls, bundle);
	tls_response = NULL;
	for (int i = 0; i < 2; i++) {
		snprintf(check, sizeof check,
			"check tls { interval = 40ms timeout = 500ms verify = yes ca-file = \"%s\" host = %s }", bundle,
			i == 0 ? "app" : "other");
		lbd = start_with(check, &back);
		wanted.lbd = &lbd;
		wanted.text = i == 0 ? "TLS 1.3 in " : "certificate: hostname mismatch";
		wanted.health = i == 0 ? "up" : "down";
		wait_until(reads_so, &wanted, 5000);
		assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	}
	close(wanted.listener);
	unlink(bundle);
	tls_server_free(&tls);
}

static void a_bundle_that_is_none_is_one_clear_line(void **state)
{
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(
		lbd_run_briefly("pool p { check tls { verify = yes ca-file = /nonexistent/bundle } }\n", &errors), 1);
	assert_non_null(strstr(text_get(&errors), "pool p: ca-file /nonexistent/bundle: No such file or directory"));
}

/* A script that does what stands in the file beside it. */
static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Children of lbd: running ones, and those that nobody waited for. */
static unsigned count_children(const struct lbd_process *lbd)
{
	char path[64], line[4096] = "";
	unsigned count = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)lbd->pid, (int)lbd->pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof line, file) != NULL) {
		for (const char *at = line; *at != '\0'; at++)
			count += *at == ' ';
	}
	fclose(file);
	return count;
}

static bool has_no_children(void *context)
{
	return count_children(context) == 0;
}

static unsigned count_descriptors(const struct lbd_process *lbd)
{
	char path[64];
	unsigned count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)lbd->pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void scripts_judge_by_their_exit(void **state)
{
	static const struct {
		const char *script;
		const char *text;
		const char *health;
	} cases[] = {
		{"echo \"$1 $2\"; echo more", "exit 0 in ", "up"},
		{"echo broken; exit 3", "exit 3: broken", "down"},
		{"exit 0", "exit 0 in ", "up"},
		{"kill -KILL $$", "killed by signal 9", "down"},
		{"test \"$LBPAIR_POOL/$LBPAIR_SERVER $LBPAIR_ADDRESS $LBPAIR_PORT\" = \"$2 $3 $4\"", "exit 0 in ",
			"up"},
		{"sleep 60 & sleep 60", "timeout after 300 ms", "down"},
		{"yes", "timeout after 300 ms", "down"},
		{"exit 0", "exit 0 in ", "up"},
	};
	struct endpoint back = free_endpoint(84);
	char path[] = "/tmp/lbpair-script-XXXXXX", command[128], text[200], check[256];
	struct wanted wanted = {0};
	struct lbd_process lbd;
	unsigned descriptors = 0;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(command, sizeof command, "%s/check", path);
	write_file(command, "#!/bin/sh\n. \"${0%/*}/now\"\n");
	assert_int_equal(chmod(command, 0755), 0);
	snprintf(text, sizeof text, "%s/now", path);
	write_file(text, "exit 1\n");
	snprintf(check, sizeof check,
		"check script { command = %s argument = \"a word\" interval = 40ms timeout = 300ms rise = 1 fall = 1 }",
		command);
	lbd = start_with(check, &back);
	wanted.lbd = &lbd;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char next[200];

		snprintf(next, sizeof next, "%s/next", path);
		write_file(next, cases[i].script);
		assert_int_equal(rename(next, text), 0);
		wanted.text = cases[i].text;
		wanted.health = cases[i].health;
		wait_until(reads_so, &wanted, 5000);
		if (i == 0) {
			char whole[200];

			lbd_server_text(&lbd, "p/s", "check", whole);
			assert_non_null(strstr(whole, " ms: a word p/s"));
			wait_until(has_no_children, &lbd, 2000);
			descriptors = count_descriptors(&lbd);
		}
	}
	wait_until(has_no_children, &lbd, 2000);
	/* One check may be under way, with its pipe and its pidfd. */
	assert_in_range(count_descriptors(&lbd), descriptors - 2, descriptors + 2);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	unlink(text);
	unlink(command);
	rmdir(path);
}

#define CROWD 100

struct crowd {
	struct lbd_process lbd;
	unsigned most;
};

static bool all_are_up(void *context)
{
	struct crowd *crowd = context;
	unsigned now = count_children(&crowd->lbd);
	char health[200], name[32];

	crowd->most = MAX(crowd->most, now);
	for (int i = 0; i < CROWD; i++) {
		snprintf(name, sizeof name, "p/s%d", i);
		lbd_server_text(&crowd->lbd, name, "health", health);
		if (strcmp(health, "up") != 0)
			return false;
		now = count_children(&crowd->lbd);
		crowd->most = MAX(crowd->most, now);
	}
	return true;
}

static void few_scripts_run_at_once(void **state)
{
	struct crowd crowd = {0};
	AUTO_TEXT sections = {0};
	char script[] = "/tmp/lbpair-script-XXXXXX";
	int fd = mkstemp(script);

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\nsleep 0.3\n") > 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	text_addf(&sections, "pool p { check script { command = %s interval = 1s timeout = 5s }\n", script);
	for (int i = 0; i < CROWD; i++)
		text_addf(&sections, " server s%d { address = 127.0.0.1:%d }\n", i, 1000 + i);
	text_add(&sections, "}\n");
	crowd.lbd = lbd_start(text_get(&sections), 0);
	wait_until(all_are_up, &crowd, 20000);
	assert_in_range(crowd.most, 1, 32);
	assert_int_equal(lbd_end(&crowd.lbd, SIGTERM), 0);
	unlink(script);
}

static void a_script_that_is_none_is_one_clear_line(void **state)
{
	AUTO_TEXT errors = {0};

	(void)state;
	assert_int_equal(lbd_run_briefly("pool p { check script { command = /nonexistent/check } }\n", &errors), 1);
	assert_non_null(strstr(
		text_get(&errors), "pool p: command /nonexistent/check cannot be run: No such file or directory"));
}

/* A server of datagrams, and what it answers. */
static const char *udp_answer; /* NULL: nothing */
static size_t udp_answer_size;

static void serve_udp(int fd)
{
	char bytes[64];
	struct sockaddr_storage from;
	socklen_t size = sizeof from;
	ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);

	assert_int_equal(got, 4);
	assert_memory_equal(bytes, "\0\xffhi", 4);
	if (udp_answer != NULL)
		(void)sendto(fd, udp_answer, udp_answer_size, 0, (struct sockaddr *)&from, size);
}

static int bind_udp(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static void udp_checks_read_the_answer(void **state)
{
	struct endpoint back = free_endpoint(85);
	struct wanted wanted = {.listener = bind_udp(&back), .serve = serve_udp};
	struct lbd_process lbd;

	(void)state;
	udp_answer = "say\0ok!";
	udp_answer_size = 7;
	lbd = start_with(
		"check udp { send = \"\\\\x00\\\\xffhi\" expect = \"\\\\x00ok\" interval = 40ms timeout = 200ms "
		"rise = 1 fall = 1 }",
		&back);
	wanted.lbd = &lbd;
	wanted.text = "answered in ";
	wanted.health = "up";
	wait_until(reads_so, &wanted, 5000);
	udp_answer = "say ok!";
	wanted.text = "answered without the expected bytes";
	wanted.health = "down";
	wait_until(reads_so, &wanted, 5000);
	udp_answer = NULL;
	wanted.text = "timeout after 200 ms";
	wait_until(reads_so, &wanted, 5000);
	close(wanted.listener);
	wanted.serve = NULL;
	wanted.text = "connection refused";
	wait_until(reads_so, &wanted, 5000);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static void silence_is_good_where_no_answer_is_expected(void **state)
{
	struct endpoint back = free_endpoint(86);
	struct wanted wanted = {.listener = bind_udp(&back), .serve = serve_udp};
	struct lbd_process lbd;

	(void)state;
	udp_answer = NULL;
	lbd = start_with(
		"check udp { send = \"\\\\x00\\\\xffhi\" interval = 40ms timeout = 100ms rise = 1 fall = 1 }", &back);
	wanted.lbd = &lbd;
	wanted.text = "not refused in ";
	wanted.health = "up";
	wait_until(reads_so, &wanted, 5000);
	close(wanted.listener);
	wanted.serve = NULL;
	wanted.text = "connection refused";
	wanted.health = "down";
	wait_until(reads_so, &wanted, 5000);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static const char *agent_answer;

static void serve_agent(int listener)
{
	int fd = accept_from(listener);

	(void)send(fd, agent_answer, strlen(agent_answer), MSG_NOSIGNAL);
	if (strchr(agent_answer, '\n') != NULL)
		(void)is_readable(fd, 100); /* The line's end is enough. */
	close(fd);
}

static void an_agent_speaks_beside_the_check(void **state)
{
	static const struct {
		const char *answer;
		const char *agent;
		const char *health;
	} cases[] = {
		{"75%\n", "75% in ", "up"},
		{"down # disk\r\n", "down # disk in ", "down"},
		{"up", "up in ", "up"},
		{"hello\n", "the agent says no word that is known", "up"},
	};
	struct endpoint back = free_endpoint(87), agent = free_endpoint(88);
	int back_fd = listen_on(&back, 4096);
	struct wanted wanted = {.listener = -1, .serve = serve_agent};
	char check[256], text[200];
	struct lbd_process lbd;

	(void)state;
	/* It stands at the server's address. */
	agent.ip = back.ip;
	wanted.listener = listen_on(&agent, 64);
	snprintf(check, sizeof check,
		"check tcp { interval = 40ms timeout = 400ms }\n"
		" check agent { port = %u interval = 40ms timeout = 400ms }",
		agent.port);
	lbd = start_with(check, &back);
	wanted.lbd = &lbd;
	wanted.text = "connected in ";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		agent_answer = cases[i].answer;
		wanted.health = cases[i].health;
		for (int j = 0; j < 100; j++) {
			wait_until(reads_so, &wanted, 5000);
			if (i == 0 && j == 0)
				continue;
			lbd_server_text(&lbd, "p/s", "agent", text);
			if (strncmp(text, cases[i].agent, strlen(cases[i].agent)) == 0)
				break;
			poll(NULL, 0, 10);
		}
		assert_memory_equal(text, cases[i].agent, strlen(cases[i].agent));
	}
	close(wanted.listener);
	close(back_fd);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

static bool is_ejected(void *context)
{
	json_t *status = lbd_call(context, "status", NULL);
	json_t *pool = json_array_get(json_object_get(status, "pools"), 0);
	bool ejected = json_is_true(json_object_get(json_array_get(json_object_get(pool, "servers"), 0), "ejected"));

	json_decref(status);
	return ejected;
}

static bool is_not_ejected(void *context)
{
	return !is_ejected(context);
}

/* By connects that are refused, and by resets before the first byte. */
static void servers_that_fail_clients_are_ejected(void **state)
{
	struct endpoint front = free_endpoint(90), bad = free_endpoint(91), good = free_endpoint(92);
	char texts[3][ENDPOINT_TEXT_MAX];
	int good_fd = listen_on(&good, 64), bad_fd = -1;
	const struct linger linger = {.l_onoff = 1};
	AUTO_TEXT sections = {0};
	struct lbd_process lbd;

	(void)state;
	text_addf(
		&sections, "service s { listen = { \"%s\" } pool = p retries = 0 }\n", endpoint_text(&front, texts[0]));
	text_addf(&sections,
		"pool p { outlier { failures = 2 eject = 1s }\n server bad { address = \"%s\" }\n server good { "
		"address "
		"= \"%s\" } }",
		endpoint_text(&bad, texts[1]), endpoint_text(&good, texts[2]));
	lbd = lbd_start(text_get(&sections), 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 40 && !is_ejected(&lbd); i++) {
			int client = connect_to(&front), server = -1;

			if (round == 1 && is_readable(bad_fd, 10)) {
				server = accept_from(bad_fd);
				/* Not before lbd has seen the connection stand: else it is one more failed connect. */
				poll(NULL, 0, 50);
				setsockopt(server, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
				close(server);
			}
			poll(NULL, 0, 60);
			close(client);
		}
		assert_true(is_ejected(&lbd));
		while (is_readable(good_fd, 50))
			close(accept_from(good_fd));
		/* It gets nothing as long as it is. */
		for (int i = 0; i < 6; i++) {
			int client = connect_to(&front);

			close(accept_from(good_fd));
			close(client);
		}
		wait_until(is_not_ejected, &lbd, 3000);
		if (round == 0)
			bad_fd = listen_on(&bad, 64);
	}
	close(bad_fd);
	close(good_fd);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
}

/* With an argument only the tests whose names match it are run. */
int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_checks_show_the_certificate),
		cmocka_unit_test(https_checks_read_the_answer),
		cmocka_unit_test(certificates_are_verified),
		cmocka_unit_test(a_bundle_that_is_none_is_one_clear_line),
		cmocka_unit_test(udp_checks_read_the_answer),
		cmocka_unit_test(silence_is_good_where_no_answer_is_expected),
		cmocka_unit_test(an_agent_speaks_beside_the_check),
		cmocka_unit_test(servers_that_fail_clients_are_ejected),
		cmocka_unit_test(scripts_judge_by_their_exit),
		cmocka_unit_test(few_scripts_run_at_once),
		cmocka_unit_test(a_script_that_is_none_is_one_clear_line),
	};

	/* A check that has its answer goes; what is still being said to it then is not our end. */
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
