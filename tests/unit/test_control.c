/* SPDX-License-Identifier: MIT */
/* The control server, its clients and the lasting link, over a real socket; the loop runs in this thread. */
#include "common/shell/control.h"

#include "common/pure/text.h"
#include "common/shell/client.h"
#include "common/shell/link.h"
#include "common/system/clock.h"
#include "common/system/fd.h"
#include "common/system/stream.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define REQUEST(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\"}\n"
#define NOTIFICATION(method) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"}\n"
#define OK(id) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"result\":{}}\n"
#define FAULT(id, code, message) \
	"{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"error\":{\"code\":" #code ",\"message\":\"" message "\"}}\n"

/* No wait of these tests is longer. */
#define PATIENCE_NS (5 * NS_PER_S)

static char dir[32];
static char path[64];
static struct loop *loop;
static struct control_server *server;
static struct control_call *held;
static int pokes;
static int bigs;
static char echoed[64];

static void on_ok(struct control_call *call, const json_t *params, void *context)
{
	assert_ptr_equal(context, dir);
	assert_true(json_is_object(params));
	control_reply(call, json_object());
}

static void on_hold(struct control_call *call, const json_t *params, void *context)
{
	(void)params;
	(void)context;
	assert_null(held);
	held = call;
}

static void on_refuse(struct control_call *call, const json_t *params, void *context)
{
	(void)context;
	control_refuse(call, CONTROL_REFUSED, "no %s", control_string(params, "what"));
}

static void on_poke(struct control_call *call, const json_t *params, void *context)
{
	const char *what = control_string(params, "what");

	(void)context;
	pokes++;
	snprintf(echoed, sizeof echoed, "%s", what != NULL ? what : "-");
	control_reply(call, json_object());
}

/* A megabyte, which no socket takes at once. */
static void on_big(struct control_call *call, const json_t *params, void *context)
{
	static char big[1024 * 1024];

	(void)params;
	(void)context;
	memset(big, 'x', sizeof big);
	bigs++;
	control_reply(call, json_pack("{ss#}", "big", big, (int)sizeof big));
}

static void on_huge(struct control_call *call, const json_t *params, void *context)
{
	static char huge[17 * 1024 * 1024];

	(void)params;
	(void)context;
	memset(huge, 'x', sizeof huge);
	control_reply(call, json_pack("{ss#}", "huge", huge, (int)sizeof huge));
}

static const struct control_command commands[] = {
	{"ok", on_ok},
	{"hold", on_hold},
	{"refuse", on_refuse},
	{"poke", on_poke},
	{"big", on_big},
	{"huge", on_huge},
	{0},
};

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-control.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/c.sock", dir);
	held = NULL;
	pokes = bigs = 0;
	assert_int_equal(loop_new(&loop), 0);
	return control_server_new(loop, path, NULL, commands, dir, &server);
}

static int teardown(void **state)
{
	(void)state;
	control_server_free(server);
	loop_free(loop);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static void on_time_up(struct loop_timer *timer, struct mono now)
{
	(void)timer;
	(void)now;
	loop_stop(loop);
}

static void run_for(int64_t span_ns)
{
	struct loop_timer timer = {0};

	assert_int_equal(loop_timer_set(loop, &timer, mono_add(clock_mono(), span_ns), on_time_up), 0);
	assert_int_equal(loop_run(loop), 0);
}

/* Runs the loop in short turns until `done` says so. */
#define RUN_UNTIL(done) \
	do { \
		struct mono give_up_ = mono_add(clock_mono(), PATIENCE_NS); \
		while (!(done)) { \
			assert_true(mono_before(clock_mono(), give_up_)); \
			run_for(NS_PER_MS / 5); \
		} \
	} while (0)

static int connected(void)
{
	int fd = -1;

	assert_int_equal(stream_connect(path, &fd), 0);
	return fd;
}

/* Sends all of it, with the loop running meanwhile; false: the server closed before. */
static bool push(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN)
			return false;
		if (n > 0) {
			bytes += n;
			count -= (size_t)n;
		} else {
			run_for(NS_PER_MS / 5);
		}
	}
	return true;
}

static void say(int fd, const char *text)
{
	assert_true(push(fd, text, strlen(text)));
}

/* What has come on `fd` is added to `got`; whether the end has come. */
static bool take(int fd, struct text *got)
{
	char bytes[8192];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		text_add_bytes(got, bytes, (size_t)n);
	return n == 0 || errno != EAGAIN;
}

static void expect(int fd, const char *text)
{
	AUTO_TEXT got = {0};

	RUN_UNTIL(take(fd, &got) || got.length >= strlen(text));
	assert_string_equal(text_get(&got), text);
}

static void expect_closed(int fd)
{
	AUTO_TEXT got = {0};

	RUN_UNTIL(take(fd, &got));
	assert_int_equal(got.length, 0);
}

/* The server still serves somebody else. */
static void expect_alive(void)
{
	AUTO_FD fd = connected();

	say(fd, REQUEST(99, "ok"));
	expect(fd, OK(99));
}

static const struct {
	const char *request;
	const char *answer; /* NULL: none */
} exchanges[] = {
	{REQUEST(1, "ok"), OK(1)},
	{REQUEST("a", "ok"), OK("a")},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ok\",\"params\":{}}\r\n", OK(1)},
	{"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"refuse\",\"params\":{\"what\":\"cake\"}}\n",
		FAULT(2, 1, "no cake")},
	{REQUEST(3, "fly"), FAULT(3, -32601, "no such command")},
	{"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ok\",\"params\":[]}\n",
		FAULT(4, -32602, "the params are no object")},
	{"["
	 "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ok\"}"
	 "]\n",
		FAULT(null, -32600, "batches are not supported, send one request a line")},
	{"garbage\n", FAULT(null, -32700, "not JSON")},
	{"\n\n", NULL},
	{NOTIFICATION("poke"), NULL},
	{NOTIFICATION("fly"), NULL},
	{"{\"jsonrpc\":\"2.0\",\"method\":\"refuse\",\"params\":{\"what\":\"cake\"}}\n", NULL},
	{REQUEST(6, "ok") REQUEST(7, "fly") NOTIFICATION("ok") REQUEST(8, "ok"),
		OK(6) FAULT(7, -32601, "no such command") OK(8)},
};

static void requests_are_answered_in_order(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(exchanges); i++) {
		say(fd, exchanges[i].request);
		if (exchanges[i].answer != NULL)
			expect(fd, exchanges[i].answer);
	}
	say(fd, REQUEST(9, "ok"));
	expect(fd, OK(9));
	assert_int_equal(pokes, 1);
}

static void a_line_may_come_byte_by_byte(void **state)
{
	static const char request[] = REQUEST(1, "ok");
	AUTO_FD fd = connected();

	(void)state;
	for (size_t i = 0; i < sizeof request - 1; i++) {
		assert_true(push(fd, &request[i], 1));
		run_for(NS_PER_MS / 20);
	}
	expect(fd, OK(1));
}

static void half_a_line_disturbs_nobody(void **state)
{
	AUTO_FD half = connected();
	AUTO_FD gone = connected();

	(void)state;
	say(half, "{\"jsonrpc\"");
	say(gone, "{\"jsonrpc\"");
	fd_close(&gone);
	expect_alive();
	assert_int_equal(shutdown(half, SHUT_WR), 0);
	expect(half, FAULT(null, -32700, "the last line has no end"));
	expect_closed(half);
}

static void who_closes_its_half_is_still_answered(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	say(fd, REQUEST(1, "ok") REQUEST(2, "hold") REQUEST(3, "ok"));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	RUN_UNTIL(held != NULL);
	control_reply(TAKE(held), json_object());
	expect(fd, OK(1) OK(2) OK(3));
	expect_closed(fd);
}

static void ten_megabytes_are_refused(void **state)
{
	AUTO_FD fd = connected();
	AUTO_FREE char *flood = malloc(1024 * 1024);
	AUTO_TEXT got = {0};
	struct rusage before, after;

	(void)state;
	assert_non_null(flood);
	memset(flood, 'x', 1024 * 1024);
	getrusage(RUSAGE_SELF, &before);
	for (unsigned i = 0; i < 10 && push(fd, flood, 1024 * 1024); i++)
		assert_true(i < 1);
	RUN_UNTIL(take(fd, &got));
	getrusage(RUSAGE_SELF, &after);
	assert_string_equal(text_get(&got), FAULT(null, -32600, "the line is too long"));
	assert_true(after.ru_maxrss - before.ru_maxrss < 4096);
	expect_alive();
}

/* 10 MB of requests and no answer read: the server stops to listen to this one, and to nobody else. */
static void who_does_not_read_is_not_heard(void **state)
{
	AUTO_FD fd = connected();
	static const char request[] = REQUEST(1, "big");
	size_t sent = 0;

	(void)state;
	for (int quiet = 0; quiet < 50;) {
		ssize_t n = send(fd, request, sizeof request - 1, MSG_NOSIGNAL | MSG_DONTWAIT);

		quiet = n > 0 ? 0 : quiet + 1;
		sent += n > 0 ? (size_t)n : 0;
		run_for(NS_PER_MS / 20);
		assert_true(sent < 4 * CONTROL_LINE_MAX * 4);
	}
	expect_alive();
}

static void a_big_answer_comes_whole(void **state)
{
	AUTO_FD fd = connected();
	AUTO_TEXT got = {0};

	(void)state;
	say(fd, REQUEST(1, "big") REQUEST(2, "ok"));
	RUN_UNTIL(take(fd, &got) || (got.length > 1024 * 1024 && strstr(text_get(&got), OK(2)) != NULL));
	assert_int_equal(
		got.length, strlen("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"big\":\"\"}}\n" OK(2)) + 1024 * 1024);
}

/* Whoever reads slowly has one answer waiting for him, however many he asked for. */
static void answers_are_not_piled_up(void **state)
{
	AUTO_FD fd = connected();
	char bytes[1024];
	size_t got = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		say(fd, REQUEST(1, "big"));
	while (got < 3 * 1024 * 1024 / 2) {
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

		got += n > 0 ? (size_t)n : 0;
		run_for(NS_PER_MS / 50);
	}
	assert_in_range(bigs, 2, 3);
}

static void who_closes_its_half_gets_all_of_it(void **state)
{
	AUTO_FD fd = connected();
	AUTO_TEXT got = {0};

	(void)state;
	say(fd, REQUEST(1, "big"));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	RUN_UNTIL(take(fd, &got));
	assert_true(got.length > 1024 * 1024 && got.data[got.length - 1] == '\n');
}

static void an_answer_without_measure_is_an_error(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	say(fd, REQUEST(1, "huge"));
	expect(fd, FAULT(1, -32603, "the answer is too large"));
	say(fd, REQUEST(2, "ok"));
	expect(fd, OK(2));
}

static void an_answer_may_come_later(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	say(fd, REQUEST(1, "hold") REQUEST(2, "ok"));
	RUN_UNTIL(held != NULL);
	expect_alive();
	control_refuse(TAKE(held), CONTROL_REFUSED, "changed my mind");
	expect(fd, FAULT(1, 1, "changed my mind") OK(2));
}

static void a_call_outlives_its_client(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	say(fd, REQUEST(1, "hold") REQUEST(2, "poke"));
	RUN_UNTIL(held != NULL);
	fd_close(&fd);
	run_for(NS_PER_MS);
	assert_int_equal(pokes, 0);
	control_reply(TAKE(held), json_object());
	RUN_UNTIL(pokes == 1);
	expect_alive();
}

static void a_call_outlives_the_server(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	say(fd, REQUEST(1, "hold"));
	RUN_UNTIL(held != NULL);
	control_server_free(TAKE(server));
	control_reply(TAKE(held), json_object());
	expect_closed(fd);
}

static void a_stopped_server_answers_and_takes_nothing_more(void **state)
{
	AUTO_FD fd = connected();
	AUTO_FD quiet = connected();
	AUTO_FD late = -1;

	(void)state;
	say(quiet, REQUEST(1, "ok"));
	expect(quiet, OK(1));
	say(fd, REQUEST(1, "hold") REQUEST(2, "poke"));
	RUN_UNTIL(held != NULL);
	control_server_stop(server);
	control_refuse(TAKE(held), CONTROL_REFUSED, "stopping");
	assert_int_equal(pokes, 0);
	expect(fd, FAULT(1, 1, "stopping"));
	expect_closed(fd);
	say(quiet, REQUEST(2, "poke"));
	expect_closed(quiet);
	late = connected();
	say(late, REQUEST(1, "poke"));
	run_for(NS_PER_MS);
	assert_int_equal(pokes, 0);
}

static void what_was_said_before_leaving_is_done(void **state)
{
	AUTO_FD fd = connected();

	(void)state;
	say(fd, NOTIFICATION("hold") NOTIFICATION("poke") NOTIFICATION("poke"));
	fd_close(&fd);
	RUN_UNTIL(held != NULL);
	assert_int_equal(pokes, 0);
	control_reply(TAKE(held), json_object());
	RUN_UNTIL(pokes == 2);
}

static void there_is_room_for_so_many(void **state)
{
	int fds[CONTROL_CLIENTS_MAX];
	int one_more;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = connected();
		run_for(NS_PER_MS / 20);
	}
	one_more = connected();
	expect(one_more, FAULT(null, 1, "too many clients, try again later"));
	expect_closed(one_more);
	close(one_more);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		say(fds[i], REQUEST(1, "ok"));
		expect(fds[i], OK(1));
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	run_for(NS_PER_MS);
	expect_alive();
}

static void silence_is_closed_unless_a_call_is_under_way(void **state)
{
	AUTO_FD silent = -1;
	AUTO_FD half = -1;
	AUTO_FD waiting = -1;

	(void)state;
	control_server_set_idle(server, 20 * NS_PER_MS);
	silent = connected();
	half = connected();
	waiting = connected();
	say(half, "{");
	say(waiting, REQUEST(1, "hold"));
	expect_closed(silent);
	expect_closed(half);
	run_for(40 * NS_PER_MS);
	control_reply(TAKE(held), json_object());
	expect(waiting, OK(1));
	expect_closed(waiting);
}

static void the_socket_is_the_groups(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
	struct control_server *second = NULL;
	char file[64];
	AUTO_FD fd = -1;

	(void)state;
	assert_int_equal(control_server_new(loop, path, NULL, commands, dir, &second), 0);
	control_server_free(TAKE(server));
	server = second;
	expect_alive();

	snprintf(file, sizeof file, "%s/file", dir);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(control_server_new(loop, file, NULL, commands, dir, &second), -EEXIST);
	assert_int_equal(unlink(file), 0);
}

/* client_call blocks, so that it runs in a thread of its own while the loop serves it. */

struct blocking_call {
	const char *method;
	int timeout_ms;
	int result;
	json_t *answer;
	char error[CLIENT_ERROR_MAX];
	_Atomic bool done;
};

static void *call_in_thread(void *argument)
{
	struct blocking_call *call = argument;

	call->result = client_call(
		path, call->method, json_pack("{ss}", "what", "cake"), call->timeout_ms, &call->answer, call->error);
	call->done = true;
	return NULL;
}

static void the_client_gets_its_answer_or_the_reason(void **state)
{
	static const struct {
		const char *method;
		int timeout_ms;
		int result;
		const char *error;
	} cases[] = {
		{"ok", 5000, 0, ""},
		{"big", 5000, 0, ""},
		{"refuse", 5000, -EREMOTEIO, "no cake"},
		{"fly", 5000, -EOPNOTSUPP, "no such command"},
		{"hold", 30, -ETIMEDOUT, "within 30 ms"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct blocking_call call = {.method = cases[i].method, .timeout_ms = cases[i].timeout_ms};
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, call_in_thread, &call), 0);
		RUN_UNTIL(call.done);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(call.result, cases[i].result);
		assert_non_null(strstr(call.error, cases[i].error));
		assert_true((call.answer != NULL) == (call.result == 0));
		json_decref(call.answer);
	}
	control_reply(TAKE(held), json_object());
}

static void a_client_says_when_nobody_answers(void **state)
{
	char error[CLIENT_ERROR_MAX] = "";
	json_t *answer = NULL;

	(void)state;
	control_server_free(TAKE(server));
	assert_int_equal(client_call(path, "ok", NULL, 1000, &answer, error), -ENOENT);
	assert_non_null(strstr(error, "nobody answers"));
	assert_non_null(strstr(error, path));
}

/* The link. */

static int ups, downs;

static void on_link(struct link *link, bool up, void *context)
{
	assert_ptr_equal(context, &ups);
	assert_true(link_is_up(link) == up);
	if (up)
		ups++;
	else
		downs++;
	if (up)
		assert_int_equal(link_send(link, "poke", json_pack("{ss}", "what", "hello")), 0);
}

static void the_link_comes_back(void **state)
{
	struct link *link = NULL;

	(void)state;
	ups = downs = 0;
	control_server_free(TAKE(server));
	assert_int_equal(link_new(loop, path, NS_PER_MS, on_link, &ups, &link), 0);
	run_for(5 * NS_PER_MS);
	assert_int_equal(ups + downs, 0);
	assert_int_equal(link_send(link, "poke", NULL), -ENOTCONN);
	for (int round = 1; round <= 3; round++) {
		assert_int_equal(control_server_new(loop, path, NULL, commands, dir, &server), 0);
		RUN_UNTIL(pokes == 2 * round - 1);
		assert_string_equal(echoed, "hello");
		assert_int_equal(ups, round);
		assert_int_equal(link_send(link, "poke", json_pack("{ss}", "what", "again")), 0);
		RUN_UNTIL(pokes == 2 * round);
		assert_string_equal(echoed, "again");
		control_server_free(TAKE(server));
		RUN_UNTIL(downs == round);
	}
	link_free(link);
}

static void the_last_words_of_a_link_arrive(void **state)
{
	struct link *link = NULL;

	(void)state;
	ups = downs = 0;
	assert_int_equal(link_new(loop, path, NS_PER_MS, on_link, &ups, &link), 0);
	RUN_UNTIL(pokes == 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(link_send(link, "poke", NULL), 0);
	link_free(link);
	RUN_UNTIL(pokes == 21);
	assert_int_equal(downs, 0);
}

/* A daemon that hangs takes nothing: the link gives it up, and its owner is told in the loop and not in link_send. */
static void a_link_does_not_queue_without_end(void **state)
{
	struct link *link = NULL;
	int sent = 0;

	(void)state;
	ups = downs = 0;
	assert_int_equal(link_new(loop, path, NS_PER_S, on_link, &ups, &link), 0);
	RUN_UNTIL(ups == 1);
	while (link_send(link, "poke", NULL) == 0)
		assert_true(++sent < 1000 * 1000);
	assert_int_equal(downs, 0);
	RUN_UNTIL(downs == 1);
	link_free(link);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(requests_are_answered_in_order),
		TEST(a_line_may_come_byte_by_byte),
		TEST(half_a_line_disturbs_nobody),
		TEST(who_closes_its_half_is_still_answered),
		TEST(ten_megabytes_are_refused),
		TEST(who_does_not_read_is_not_heard),
		TEST(a_big_answer_comes_whole),
		TEST(answers_are_not_piled_up),
		TEST(who_closes_its_half_gets_all_of_it),
		TEST(an_answer_without_measure_is_an_error),
		TEST(an_answer_may_come_later),
		TEST(a_call_outlives_its_client),
		TEST(a_call_outlives_the_server),
		TEST(a_stopped_server_answers_and_takes_nothing_more),
		TEST(what_was_said_before_leaving_is_done),
		TEST(there_is_room_for_so_many),
		TEST(silence_is_closed_unless_a_call_is_under_way),
		TEST(the_socket_is_the_groups),
		TEST(a_stale_socket_is_replaced_and_a_file_is_not),
		TEST(the_client_gets_its_answer_or_the_reason),
		TEST(a_client_says_when_nobody_answers),
		TEST(the_link_comes_back),
		TEST(the_last_words_of_a_link_arrive),
		TEST(a_link_does_not_queue_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
