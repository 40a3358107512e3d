/* SPDX-License-Identifier: MIT */
/* lbd's pages: metrics, which a strict reader takes and which agree with the status, and whether lbd is well. */
#include "tests/e2e/daemon.h"

#include "common/system/fd.h"
#include "lbd/ending.h"
#include "tests/unit/openmetrics.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct {
	struct lbd_process lbd;
	struct endpoint admin, front, refusing, back, nobody;
	int server;
} it;

static int setup(void **state)
{
	char texts[5][ENDPOINT_TEXT_MAX];
	AUTO_TEXT sections = {0};

	(void)state;
	it.admin = free_endpoint(1);
	it.front = free_endpoint(2);
	it.refusing = free_endpoint(3);
	it.back = free_endpoint(4);
	it.nobody = free_endpoint(5);
	it.server = listen_on(&it.back, 64);
	text_addf(&sections, "admin { listen = { \"%s\" } }\n", endpoint_text(&it.admin, texts[0]));
	text_addf(&sections, "service web { listen = { \"%s\" } pool = blue max-connections = 7 }\n",
		endpoint_text(&it.front, texts[1]));
	text_addf(&sections, "service lost { listen = { \"%s\" } pool = dead retries = 0 }\n",
		endpoint_text(&it.refusing, texts[2]));
	text_addf(&sections, "pool blue { server app1 { address = \"%s\" weight = 30 } }\n",
		endpoint_text(&it.back, texts[3]));
	text_addf(&sections,
		"pool dead { check tcp { interval = 50ms fall = 1 }\n server app2 { address = \"%s\" backup = yes } "
		"}\n",
		endpoint_text(&it.nobody, texts[4]));
	it.lbd = lbd_start(text_get(&sections), 0);
	return 0;
}

static int teardown(void **state)
{
	int status = lbd_end(&it.lbd, SIGTERM);

	(void)state;
	close(it.server);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* HTTP. */

static void receive_all(int fd, struct text *out)
{
	char bytes[4096];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
		text_add_bytes(out, bytes, (size_t)got);
}

/* Sends the request and returns all that comes until the server closes. */
static void ask(const char *request, size_t size, struct text *out)
{
	AUTO_FD fd = connect_to(&it.admin);

	(void)send(fd, request, size, MSG_NOSIGNAL);
	receive_all(fd, out);
}

static bool begins_with(const struct text *text, const char *start)
{
	return strncmp(text_get(text), start, strlen(start)) == 0;
}

/* The page without its header. */
static void get_metrics(struct text *page)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	const char *body;

	ask(request, strlen(request), page);
	assert_true(begins_with(page, "HTTP/1.0 200 OK\r\n") || begins_with(page, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(
		strstr(text_get(page), "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
	body = strstr(text_get(page), "\r\n\r\n");
	assert_non_null(body);
	text_consume(page, (size_t)(body + 4 - page->data));
}

static double value_of(const struct text *page, const char *format, ...) PRINTF_LIKE(2, 3);
static double value_of(const struct text *page, const char *format, ...)
{
	char sample[256];
	va_list arguments;
	double value;

	va_start(arguments, format);
	vsnprintf(sample, sizeof sample, format, arguments);
	va_end(arguments);
	if (openmetrics_value(text_get(page), sample, &value) < 0)
		fail_msg("there is no %s", sample);
	return value;
}

/* Traffic for the counters to count: one connection stays open. */
static void make_traffic(int *ret_client, int *ret_server)
{
	char bytes[16];

	for (int i = 0; i < 3; i++) {
		int client = connect_to(&it.front), server = accept_from(it.server);

		assert_int_equal(send(client, "hello", 5, 0), 5);
		assert_int_equal(recv(server, bytes, 5, MSG_WAITALL), 5);
		assert_int_equal(send(server, "hi", 2, 0), 2);
		assert_int_equal(recv(client, bytes, 2, MSG_WAITALL), 2);
		if (i == 2) {
			*ret_client = client;
			*ret_server = server;
			return;
		}
		close(client);
		assert_int_equal(recv(server, bytes, 1, 0), 0);
		close(server);
	}
}

static void refuse_one(void)
{
	AUTO_FD client = connect_to(&it.refusing);
	char byte;

	assert_true(recv(client, &byte, 1, 0) <= 0);
}

static bool has_settled(void *context)
{
	(void)context;
	return lbd_service_number(&it.lbd, "web", "connections") == 1 &&
	       lbd_service_number(&it.lbd, "lost", "refused_total") == 1;
}

/* Which sample tells what of the status. */
struct pair_row {
	const char *field;
	const char *sample;
};

static const struct pair_row service_pairs[] = {
	{"connections", "lbd_service_open_connections"},
	{"connections_total", "lbd_service_connections_total"},
	{"refused_total", "lbd_service_refused_connections_total"},
	{"bytes_in", "lbd_service_received_bytes_total"},
	{"bytes_out", "lbd_service_sent_bytes_total"},
};

static const struct pair_row server_pairs[] = {
	{"weight", "lbd_server_weight"},
	{"share", "lbd_server_share"},
	{"backup", "lbd_server_backup"},
	{"ejected", "lbd_server_ejected"},
	{"max_connections", "lbd_server_max_connections"},
	{"connections", "lbd_server_open_connections"},
	{"connections_total", "lbd_server_connections_total"},
	{"connects_failed", "lbd_server_failed_connects_total"},
	{"ports_missing", "lbd_server_missing_ports_total"},
};

static double number_of(const json_t *object, const char *field)
{
	const json_t *value = json_object_get(object, field);

	assert_non_null(value);
	return json_is_boolean(value) ? (double)json_is_true(value) : json_number_value(value);
}

static void services_agree(const json_t *status, const struct text *page)
{
	const json_t *service;
	size_t i;

	assert_int_equal(json_array_size(json_object_get(status, "services")), 2);
	json_array_foreach(json_object_get(status, "services"), i, service)
	{
		const char *name = json_string_value(json_object_get(service, "name"));

		for (size_t j = 0; j < ARRAY_LEN(service_pairs); j++)
			assert_int_equal(value_of(page, "%s{service=\"%s\"}", service_pairs[j].sample, name),
				number_of(service, service_pairs[j].field));
		assert_int_equal(value_of(page, "lbd_service_info{service=\"%s\",protocol=\"%s\"}", name,
					 json_string_value(json_object_get(service, "protocol"))),
			1);
	}
}

static void server_agrees(const char *pool, const json_t *server, const struct text *page)
{
	const char *name = json_string_value(json_object_get(server, "name"));
	const char *words[] = {"health", "admin"};

	for (size_t j = 0; j < ARRAY_LEN(server_pairs); j++)
		assert_int_equal(value_of(page, "%s{pool=\"%s\",server=\"%s\"}", server_pairs[j].sample, pool, name),
			number_of(server, server_pairs[j].field));
	for (size_t j = 0; j < ARRAY_LEN(words); j++)
		assert_int_equal(
			value_of(page, "lbd_server_%s{pool=\"%s\",server=\"%s\",lbd_server_%s=\"%s\"}", words[j], pool,
				name, words[j], json_string_value(json_object_get(server, words[j]))),
			1);
	assert_int_equal(value_of(page, "lbd_server_info{pool=\"%s\",server=\"%s\",address=\"%s\"}", pool, name,
				 json_string_value(json_object_get(server, "address"))),
		1);
}

static void servers_agree(const json_t *status, const struct text *page)
{
	const json_t *pool, *server;
	size_t i, j, count = 0;

	json_array_foreach(json_object_get(status, "pools"), i, pool)
	{
		json_array_foreach(json_object_get(pool, "servers"), j, server)
		{
			server_agrees(json_string_value(json_object_get(pool, "name")), server, page);
			count++;
		}
	}
	assert_int_equal(count, 2);
}

static void what_came_of_the_traffic(const struct text *page)
{
	assert_int_equal(value_of(page, "lbd_service_connections_total{service=\"web\"}"), 3);
	assert_int_equal(value_of(page, "lbd_service_max_connections{service=\"web\"}"), 7);
	assert_int_equal(value_of(page, "lbd_service_received_bytes_total{service=\"web\"}"), 15);
	assert_int_equal(value_of(page, "lbd_service_sent_bytes_total{service=\"web\"}"), 6);
	assert_int_equal(value_of(page, "lbd_service_up{service=\"web\"}"), 1);
	assert_int_equal(value_of(page, "lbd_service_up{service=\"lost\"}"), 0);
	assert_int_equal(value_of(page, "lbd_pool_usable_servers{pool=\"dead\"}"), 0);
	assert_int_equal(value_of(page, "lbd_service_ended_connections_total{service=\"web\",cause=\"%s\"}",
				 ending_table[END_CLIENT_CLOSED].name),
		2);
	assert_true(value_of(page, "lbd_server_checks_total{pool=\"dead\",server=\"app2\"}") > 0);
	assert_true(value_of(page, "lbd_server_check_duration_seconds{pool=\"dead\",server=\"app2\"}") > 0);
	assert_true(value_of(page, "lbd_server_failed_checks_total{pool=\"dead\",server=\"app2\"}") > 0);
	assert_int_equal(value_of(page, "lbd_server_checks_total{pool=\"blue\",server=\"app1\"}"), 0);
	assert_int_equal(value_of(page, "lbd_workers"), 2);
	assert_int_equal(value_of(page, "lbd_node_info{node=\"a\"}"), 1);
	assert_true(value_of(page, "process_open_fds") > 10);
	assert_true(value_of(page, "process_resident_memory_bytes") > 100000);
	assert_true(value_of(page, "lbd_worker_beats_total{worker=\"1\"}") > 0);
	assert_null(strstr(text_get(page), "lbd_server_certificate_end_seconds{"));
	assert_null(strstr(text_get(page), "lbd_server_check_duration_seconds{pool=\"blue\""));
}

static bool app2_is_down(void *context)
{
	char text[200];

	(void)context;
	lbd_server_text(&it.lbd, "dead/app2", "health", text);
	return strcmp(text, "down") == 0;
}

static void metrics_agree_with_the_status(void **state)
{
	char fault[OPENMETRICS_FAULT_MAX] = "";
	int client, server;
	AUTO_TEXT page = {0};
	json_t *status;

	(void)state;
	wait_until(app2_is_down, NULL, 5000);
	make_traffic(&client, &server);
	refuse_one();
	wait_until(has_settled, NULL, 5000);
	get_metrics(&page);
	status = lbd_call(&it.lbd, "status", NULL);
	if (!openmetrics_is_good(text_get(&page), fault))
		fail_msg("%s", fault);
	services_agree(status, &page);
	servers_agree(status, &page);
	assert_int_equal(value_of(&page, "lbd_config_info{hash=\"%s\"}",
				 json_string_value(json_object_get(status, "config_hash"))),
		1);
	assert_int_equal(value_of(&page, "lbd_build_info{version=\"%s\"}",
				 json_string_value(json_object_get(status, "version"))),
		1);
	what_came_of_the_traffic(&page);
	json_decref(status);
	close(client);
	close(server);
}

static void decisions_show(void **state)
{
	AUTO_TEXT page = {0};
	AUTO_TEXT again = {0};

	(void)state;
	json_decref(lbd_call(&it.lbd, "drain", json_pack("{s:s}", "server", "blue/app1")));
	get_metrics(&page);
	assert_int_equal(
		value_of(&page, "lbd_server_admin{pool=\"blue\",server=\"app1\",lbd_server_admin=\"drain\"}"), 1);
	assert_int_equal(value_of(&page, "lbd_service_up{service=\"web\"}"), 0);
	json_decref(lbd_call(&it.lbd, "enable", json_pack("{s:s}", "server", "blue/app1")));
	get_metrics(&again);
	assert_int_equal(
		value_of(&again, "lbd_server_admin{pool=\"blue\",server=\"app1\",lbd_server_admin=\"enabled\"}"), 1);
	assert_true(value_of(&again, "lbd_changes_total") > value_of(&page, "lbd_changes_total"));
}

/* What is asked and how the answer begins; "": the connection is closed without a word. */
static void only_pages_are_served(void **state)
{
	static const struct {
		const char *request;
		const char *answer;
		const char *has;
	} cases[] = {
		{"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n",
			"\r\n\r\nok\n"},
		{"GET /healthz?full=yes HTTP/1.0\r\n\r\n", "HTTP/1.", "\r\n\r\nok\n"},
		{"GET / HTTP/1.0\r\n\r\n", "HTTP/1.", "404"},
		{"GET /metrics/ HTTP/1.0\r\n\r\n", "HTTP/1.", "404"},
		{"GET /../etc/passwd HTTP/1.0\r\n\r\n", "HTTP/1.", "404"},
		{"POST /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ",
			"Allow: GET, HEAD\r\n"},
		{"DELETE /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 ", "only GET"},
		{"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", "", ""},
		{"GET /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", ""},
		{"hello\r\n\r\n", "", ""},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT answer = {0};

		ask(cases[i].request, strlen(cases[i].request), &answer);
		if (!begins_with(&answer, cases[i].answer) || strstr(text_get(&answer), cases[i].has) == NULL)
			fail_msg("case %zu: '%s'", i, text_get(&answer));
	}
}

static void head_has_no_body(void **state)
{
	static const char *const requests[] = {"HEAD /healthz HTTP/1.0\r\n\r\n", "HEAD /metrics HTTP/1.0\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		AUTO_TEXT answer = {0};

		ask(requests[i], strlen(requests[i]), &answer);
		assert_non_null(strstr(text_get(&answer), " 200 OK\r\n"));
		assert_string_equal(strstr(text_get(&answer), "\r\n\r\n"), "\r\n\r\n");
	}
}

static void a_huge_header_is_refused(void **state)
{
	AUTO_TEXT request = {0};
	AUTO_TEXT answer = {0};

	(void)state;
	text_add(&request, "GET /healthz HTTP/1.0\r\nX: ");
	for (int i = 0; i < 70000; i++)
		text_add(&request, "x");
	text_add(&request, "\r\n\r\n");
	ask(text_get(&request), request.length, &answer);
	/* Either it is told so, or the reset of what it would not read came first. */
	assert_true(
		answer.length == 0 || begins_with(&answer, "HTTP/1.1 431 ") || begins_with(&answer, "HTTP/1.0 431 "));
}

/* More than are served at a time, all of them silent, and none of them keeps a client of a service waiting. */
static void silent_readers_are_nobodys_trouble(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
	char fault[OPENMETRICS_FAULT_MAX] = "";
	int fds[24], client, server;
	AUTO_TEXT page = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = connect_to(&it.admin);
		/* Every other one stops in the middle of its request. */
		(void)send(fds[i], request, i % 2 == 0 ? sizeof request - 1 : 9, MSG_NOSIGNAL);
	}
	make_traffic(&client, &server);
	close(client);
	close(server);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	get_metrics(&page);
	assert_true(openmetrics_is_good(text_get(&page), fault));
}

static void a_taken_port_is_one_clear_line(void **state)
{
	char text[ENDPOINT_TEXT_MAX];
	AUTO_TEXT sections = {0};
	AUTO_TEXT errors = {0};

	(void)state;
	text_addf(&sections, "admin { listen = { \"%s\" } }\n", endpoint_text(&it.admin, text));
	assert_int_equal(lbd_run_briefly(text_get(&sections), &errors), 1);
	assert_non_null(strstr(text_get(&errors), "admin: cannot listen on"));
	assert_non_null(strstr(text_get(&errors), text));
}

static bool is_not_well(void *context)
{
	static const char request[] = "GET /healthz HTTP/1.0\r\n\r\n";
	AUTO_TEXT answer = {0};

	(void)context;
	ask(request, strlen(request), &answer);
	return strstr(text_get(&answer), " 503 ") != NULL;
}

/* The last test: it ends the daemon. */
static void health_ends_with_the_accepting(void **state)
{
	int client, server;

	(void)state;
	make_traffic(&client, &server);
	assert_int_equal(kill(it.lbd.pid, SIGQUIT), 0);
	wait_until(is_not_well, NULL, 5000);
	close(client);
	close(server);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(metrics_agree_with_the_status, setup, teardown),
		cmocka_unit_test_setup_teardown(decisions_show, setup, teardown),
		cmocka_unit_test_setup_teardown(only_pages_are_served, setup, teardown),
		cmocka_unit_test_setup_teardown(head_has_no_body, setup, teardown),
		cmocka_unit_test_setup_teardown(a_huge_header_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_readers_are_nobodys_trouble, setup, teardown),
		cmocka_unit_test_setup_teardown(a_taken_port_is_one_clear_line, setup, teardown),
		cmocka_unit_test_setup_teardown(health_ends_with_the_accepting, setup, teardown),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
