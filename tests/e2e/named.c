/* SPDX-License-Identifier: MIT */
#include "tests/e2e/named.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct named named;

static const char *text_of(const struct endpoint *endpoint)
{
	static char texts[8][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 8]);
}

/* They share a port, so that only the address tells them apart. */
static void open_backs(void)
{
	named.back[0] = free_endpoint(20);
	named.back[1] = named.back[0];
	named.back[1].ip.bytes[3] = 21;
	for (size_t i = 0; i < NAMED_BACKS; i++)
		named.servers[i] = listen_on(&named.back[i], 4096);
}

struct name_record named_record(const char *name, size_t back, uint32_t ttl_s)
{
	return (struct name_record){
		.name = name, .addresses = {named.back[back].ip}, .address_count = 1, .ttl_s = ttl_s};
}

void named_say(const char *name, size_t back, uint32_t ttl_s)
{
	struct name_record record = named_record(name, back, ttl_s);

	name_server_say(named.names, &record);
}

/* `more`: servers of the pool `plain`. */
static void write_sections(struct text *sections, const char *more)
{
	text_addf(sections, "resolver { servers = { \"%s\" } timeout = 200ms tries = 2 }\n", text_of(&named.dns));
	text_addf(sections, "service web { listen = { \"%s\" } pool = plain }\n", text_of(&named.front));
	text_addf(sections, "service sure { listen = { \"%s\" } pool = checked }\n", text_of(&named.checked_front));
	text_addf(sections, "pool plain { server app { address = \"app.test:%u\" } %s }\n", named.back[0].port, more);
	text_addf(sections,
		"pool checked { check tcp { interval = 50ms rise = 3 fall = 3 } server app { address = "
		"\"checked.test:%u\" } }\n",
		named.back[0].port);
}

void named_start(void)
{
	AUTO_TEXT sections = {0};

	if (named.one_thread)
		text_add(&sections, "forwarder { threads = 1 }\n");
	write_sections(&sections, "");
	named.lbd = lbd_start(text_get(&sections), 0);
}

void named_reload(const char *more)
{
	char path[128], head[4096];
	AUTO_TEXT sections = {0};
	char *end;
	size_t got;
	FILE *file;

	write_sections(&sections, more);
	snprintf(path, sizeof path, "%s/conf", named.lbd.dir);
	file = fopen(path, "re");
	assert_non_null(file);
	got = fread(head, 1, sizeof head - 1, file);
	head[got] = '\0';
	fclose(file);
	end = strstr(head, "resolver {");
	assert_non_null(end);
	*end = '\0';
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s%s", head, text_get(&sections));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(kill(named.lbd.pid, SIGHUP), 0);
}

int named_setup(void **state)
{
	(void)state;
	named.one_thread = false;
	named.dns = free_endpoint(1);
	named.front = free_endpoint(2);
	named.checked_front = free_endpoint(3);
	open_backs();
	named.names = name_server_start(&named.dns);
	return 0;
}

int named_teardown(void **state)
{
	int status = lbd_end(&named.lbd, SIGTERM);

	(void)state;
	name_server_stop(named.names);
	for (size_t i = 0; i < NAMED_BACKS; i++)
		close(named.servers[i]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Conditions. */

struct expected {
	const char *server;
	const char *field;
	const char *text;
};

static bool field_begins(void *context)
{
	const struct expected *expected = context;
	char text[200];

	lbd_server_text(&named.lbd, expected->server, expected->field, text);
	return strncmp(text, expected->text, strlen(expected->text)) == 0;
}

void named_wait_for(const char *server, const char *field, const char *text)
{
	struct expected expected = {server, field, text};

	wait_until(field_begins, &expected, 15000);
}

void named_wait_for_back(const char *server, size_t back)
{
	named_wait_for(server, "address", text_of(&named.back[back]));
}

struct asked {
	const char *name;
	unsigned more_than;
};

static bool was_asked(void *context)
{
	const struct asked *asked = context;

	return name_server_questions(named.names, asked->name) > asked->more_than;
}

void wait_for_questions(const char *name, unsigned more)
{
	struct asked asked = {name, name_server_questions(named.names, name) + more - 1};

	wait_until(was_asked, &asked, 15000);
}

int named_reaches(const struct endpoint *front, size_t back, int *ret_server)
{
	int client = connect_to(front), server;
	char byte;

	assert_int_equal(send(client, "x", 1, 0), 1);
	/* Checks come there as well, and say nothing. */
	while (server = accept_from(named.servers[back]), recv(server, &byte, 1, 0) != 1)
		close(server);
	*ret_server = server;
	return client;
}

void named_reaches_and_closes(const struct endpoint *front, size_t back)
{
	int server, client = named_reaches(front, back, &server);

	close(client);
	close(server);
}

void named_is_refused(const struct endpoint *front)
{
	int client = connect_to(front);
	char byte;

	assert_true(recv(client, &byte, 1, 0) <= 0);
	close(client);
}

void named_speaks(int from, int to)
{
	char bytes[4];

	assert_int_equal(send(from, "ping", 4, 0), 4);
	assert_int_equal(recv(to, bytes, 4, MSG_WAITALL), 4);
	assert_memory_equal(bytes, "ping", 4);
}
