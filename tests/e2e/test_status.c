/* SPDX-License-Identifier: MIT */
/* lbd's status where it has so much to tell that it is written over several rounds of the loop. */
#include "tests/e2e/daemon.h"

#include "common/system/fd.h"
#include "common/system/stream.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define POOLS 40
#define SERVERS 20
#define ASKERS 8
#define STATUS "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n"

static struct lbd_process lbd;
static struct endpoint front;

static void write_sections(struct text *out, size_t pools)
{
	char ip[IP_TEXT_MAX];

	ip_text(&front.ip, ip);
	for (size_t i = 0; i < pools; i++) {
		text_addf(out, "service s%zu { listen = { \"%s:%zu\" } pool = p%zu }\npool p%zu {\n", i, ip,
			front.port + i, i, i);
		for (size_t j = 0; j < SERVERS; j++)
			text_addf(out, " server x%zu { address = \"127.0.0.1:%zu\" }\n", j, 1000 + j);
		text_add(out, "}\n");
	}
}

static int set_up(void **state)
{
	AUTO_TEXT sections = {0};

	(void)state;
	front = free_endpoint(110);
	front.port = 20000;
	write_sections(&sections, POOLS);
	lbd = lbd_start(text_get(&sections), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return lbd_end(&lbd, SIGTERM);
}

static void expect_name(const json_t *list, size_t place, const char *prefix)
{
	char wanted[32];

	snprintf(wanted, sizeof wanted, "%s%zu", prefix, place);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, place), "name")), wanted);
}

/* Each once, in the file's order. Returns how many pools there are. */
static size_t expect_whole(const json_t *status)
{
	const json_t *services = json_object_get(status, "services"), *pools = json_object_get(status, "pools");
	size_t count = json_array_size(pools);

	assert_string_equal(json_string_value(json_object_get(status, "node")), "a");
	assert_int_equal(json_array_size(services), count);
	for (size_t i = 0; i < count; i++) {
		const json_t *servers = json_object_get(json_array_get(pools, i), "servers");

		expect_name(services, i, "s");
		expect_name(pools, i, "p");
		assert_int_equal(json_array_size(servers), SERVERS);
		for (size_t j = 0; j < SERVERS; j++)
			expect_name(servers, j, "x");
	}
	return count;
}

static void everything_is_told_once(void **state)
{
	json_t *status = lbd_call(&lbd, "status", NULL);

	(void)state;
	assert_int_equal(expect_whole(status), POOLS);
	json_decref(status);
}

static int ask(const char *lines)
{
	const struct timeval limit = {.tv_sec = 20};
	char path[128];
	int fd = -1;

	snprintf(path, sizeof path, "%s/run/lbd.sock", lbd.dir);
	assert_int_equal(stream_connect(path, &fd), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_int_equal(send(fd, lines, strlen(lines), MSG_NOSIGNAL), strlen(lines));
	return fd;
}

/* All that comes until there are so many lines, or the end. */
static void receive(int fd, size_t lines, struct text *out)
{
	struct pollfd at = {.fd = fd, .events = POLLIN};
	char bytes[16384];

	while (lines > 0) {
		ssize_t count;

		assert_int_equal(poll(&at, 1, 20000), 1);
		count = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (count <= 0)
			return;
		for (ssize_t i = 0; i < count; i++)
			lines -= bytes[i] == '\n' && lines > 0;
		text_add_bytes(out, bytes, (size_t)count);
	}
}

/* The statuses in what was received. Each line is one, or a refusal. */
static size_t count_whole(const struct text *text, size_t pools_least)
{
	size_t count = 0;

	for (const char *line = text_get(text); *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line, "\n");
		json_t *answer = json_loadb(line, length, 0, NULL);

		assert_non_null(answer);
		assert_int_equal(line[length], '\n');
		if (json_object_get(answer, "result") != NULL) {
			assert_true(expect_whole(json_object_get(answer, "result")) >= pools_least);
			count++;
		}
		json_decref(answer);
	}
	return count;
}

static void all_who_ask_are_answered(void **state)
{
	int askers[ASKERS];

	(void)state;
	for (size_t i = 0; i < ASKERS; i++)
		askers[i] = ask(STATUS STATUS STATUS);
	for (size_t i = 0; i < ASKERS; i++) {
		AUTO_TEXT got = {0};

		receive(askers[i], 3, &got);
		assert_int_equal(count_whole(&got, POOLS), 3);
		close(askers[i]);
	}
}

/* What is told is of one configuration, the former or the next. What is removed would be shown a while longer. */
static void a_reload_meanwhile_does_no_harm(void **state)
{
	(void)state;
	for (size_t i = 1; i <= 10; i++) {
		AUTO_FD asker = ask(STATUS STATUS);
		AUTO_TEXT sections = {0};
		AUTO_TEXT got = {0};
		json_t *answer;

		write_sections(&sections, POOLS + i);
		lbd_configure(&lbd, text_get(&sections));
		answer = lbd_call(&lbd, "reload", NULL);
		assert_true(json_is_true(json_object_get(answer, "done")));
		json_decref(answer);
		receive(asker, 2, &got);
		assert_int_equal(count_whole(&got, POOLS), 2);
	}
}

static void it_may_stop_meanwhile(void **state)
{
	int askers[ASKERS];

	(void)state;
	for (size_t i = 0; i < ASKERS; i++)
		askers[i] = ask(STATUS STATUS STATUS);
	assert_int_equal(lbd_end(&lbd, SIGTERM), 0);
	for (size_t i = 0; i < ASKERS; i++) {
		AUTO_TEXT got = {0};

		receive(askers[i], SIZE_MAX, &got);
		close(askers[i]);
	}
	assert_int_equal(set_up(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_told_once),
		cmocka_unit_test(all_who_ask_are_answered),
		cmocka_unit_test(a_reload_meanwhile_does_no_harm),
		cmocka_unit_test(it_may_stop_meanwhile),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
