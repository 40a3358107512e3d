/* SPDX-License-Identifier: MIT */
#include "tests/e2e/name_server.h"

#include "tests/e2e/daemon.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORDS_MAX 16
#define MESSAGE_MAX 65535
#define UDP_MAX 512
#define CHAIN_MAX 8

/* RFC 1035 4.1.1 and 3.2.2. */
enum {
	CODE_OK = 0,
	CODE_SERVFAIL = 2,
	CODE_NO_NAME = 3,
	CODE_REFUSED = 5,
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_AAAA = 28,
	HEADER = 12,
};

struct entry {
	struct name_record record;
	unsigned questions;
	bool known;
};

struct name_server {
	int udp_fd;
	int tcp_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	bool stopping;
	struct entry entries[RECORDS_MAX];
	size_t count;
};

struct message {
	uint8_t bytes[MESSAGE_MAX];
	size_t size;
};

static void put(struct message *to, const void *bytes, size_t count)
{
	assert_true(to->size + count <= sizeof to->bytes);
	memcpy(to->bytes + to->size, bytes, count);
	to->size += count;
}

static void put_u16(struct message *to, unsigned value)
{
	put(to, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void put_name(struct message *to, const char *name)
{
	for (size_t length; (length = strcspn(name, ".")) > 0; name += length + (name[length] == '.')) {
		put(to, &(uint8_t){(uint8_t)length}, 1);
		put(to, name, length);
	}
	put(to, "", 1);
}

static void put_record(
	struct message *to, const char *name, unsigned type, uint32_t ttl_s, const void *data, size_t size)
{
	put_name(to, name);
	put_u16(to, type);
	put_u16(to, 1);
	put_u16(to, ttl_s >> 16);
	put_u16(to, ttl_s & 0xffff);
	put_u16(to, (unsigned)size);
	put(to, data, size);
	to->bytes[7]++;
	to->bytes[6] = (uint8_t)(to->bytes[6] + (to->bytes[7] == 0));
}

static void put_alias(struct message *to, const char *name, uint32_t ttl_s, const char *alias_of)
{
	static struct message target;

	target.size = 0;
	put_name(&target, alias_of);
	put_record(to, name, TYPE_CNAME, ttl_s, target.bytes, target.size);
}

static struct entry *find(struct name_server *server, const char *name)
{
	for (size_t i = 0; i < server->count; i++) {
		if (strcasecmp(server->entries[i].record.name, name) == 0)
			return &server->entries[i];
	}
	return NULL;
}

/* The answers' code. */
static unsigned put_answers(struct name_server *server, const char *name, unsigned type, struct message *to)
{
	const struct entry *entry = find(server, name);

	for (int i = 0; i < CHAIN_MAX && entry != NULL && entry->known && entry->record.alias_of != NULL; i++) {
		put_alias(to, entry->record.name, entry->record.ttl_s, entry->record.alias_of);
		entry = find(server, entry->record.alias_of);
	}
	if (entry == NULL || !entry->known)
		return CODE_NO_NAME;
	for (size_t i = 0; i < entry->record.address_count; i++) {
		const struct ip *ip = &entry->record.addresses[i];

		if (type == (ip->family == AF_INET ? TYPE_A : TYPE_AAAA))
			put_record(to, entry->record.name, type, entry->record.ttl_s, ip->bytes, ip_size(ip));
	}
	return CODE_OK;
}

/* The question's name as text; where it ends. 0: it is none. */
static size_t read_question(const uint8_t *bytes, size_t size, char *name, size_t room)
{
	size_t at = HEADER, length = 0;

	while (at < size && bytes[at] != 0) {
		size_t label = bytes[at++];

		if (label > 63 || at + label > size || length + label + 2 > room)
			return 0;
		memcpy(name + length, bytes + at, label);
		length += label;
		name[length++] = '.';
		at += label;
	}
	if (length == 0 || at + 5 > size)
		return 0;
	name[length - 1] = '\0';
	return at + 5;
}

/* False: nothing is to be said. */
static bool answer(struct name_server *server, const uint8_t *question, size_t size, bool tcp, struct message *to)
{
	char name[256];
	size_t end = read_question(question, size, name, sizeof name);
	enum name_mood mood = NAME_ANSWERS;
	struct entry *entry;
	unsigned code;

	if (end == 0)
		return false;
	entry = find(server, name);
	if (entry != NULL) {
		entry->questions++;
		mood = entry->record.mood;
	}
	to->size = 0;
	put(to, question, end);
	to->bytes[2] = 0x84 | (question[2] & 1);
	memset(to->bytes + 6, 0, 6);
	code = put_answers(server, name, question[end - 3], to);
	if (mood == NAME_ENDLESS)
		put_alias(to, name, 1, name);
	if (mood == NAME_SERVFAIL || mood == NAME_REFUSED) {
		code = mood == NAME_SERVFAIL ? CODE_SERVFAIL : CODE_REFUSED;
		memset(to->bytes + 6, 0, 2);
		to->size = end;
	}
	to->bytes[3] = (uint8_t)(0x80 | code);
	if (!tcp && (mood == NAME_TRUNCATED || to->size > UDP_MAX)) {
		to->bytes[2] |= 2;
		memset(to->bytes + 6, 0, 2);
		to->size = end;
	}
	if (mood == NAME_GARBAGE)
		memset(to->bytes + 2, 0xff, to->size - 2);
	if (mood == NAME_WRONG_ID)
		to->bytes[0] ^= 0xff;
	return mood != NAME_SILENT;
}

static void serve_udp(struct name_server *server)
{
	static uint8_t question[MESSAGE_MAX];
	static struct message out;
	struct sockaddr_storage from;
	socklen_t from_size = sizeof from;
	ssize_t size = recvfrom(server->udp_fd, question, sizeof question, 0, (struct sockaddr *)&from, &from_size);
	bool says;

	pthread_mutex_lock(&server->lock);
	says = size > HEADER && answer(server, question, (size_t)size, false, &out);
	pthread_mutex_unlock(&server->lock);
	if (says)
		(void)sendto(server->udp_fd, out.bytes, out.size, 0, (struct sockaddr *)&from, from_size);
}

static void serve_tcp(struct name_server *server)
{
	static uint8_t question[MESSAGE_MAX];
	static struct message out;
	int fd = accept_from(server->tcp_fd);
	uint8_t length[2];
	size_t size;
	bool says;

	while (recv(fd, length, 2, MSG_WAITALL) == 2) {
		size = (size_t)(length[0] << 8 | length[1]);
		if (recv(fd, question, size, MSG_WAITALL) != (ssize_t)size)
			break;
		pthread_mutex_lock(&server->lock);
		says = size > HEADER && answer(server, question, size, true, &out);
		pthread_mutex_unlock(&server->lock);
		length[0] = (uint8_t)(out.size >> 8);
		length[1] = (uint8_t)out.size;
		if (!says || send(fd, length, 2, MSG_NOSIGNAL | MSG_MORE) != 2 ||
			send(fd, out.bytes, out.size, MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
}

static bool is_stopping(struct name_server *server)
{
	bool stopping;

	pthread_mutex_lock(&server->lock);
	stopping = server->stopping;
	pthread_mutex_unlock(&server->lock);
	return stopping;
}

static void *serve(void *context)
{
	struct name_server *server = context;

	while (!is_stopping(server)) {
		struct pollfd fds[] = {{server->udp_fd, POLLIN, 0}, {server->tcp_fd, POLLIN, 0}};

		if (poll(fds, ARRAY_LEN(fds), 50) <= 0)
			continue;
		if (fds[0].revents & POLLIN)
			serve_udp(server);
		if (fds[1].revents & POLLIN)
			serve_tcp(server);
	}
	return NULL;
}

struct name_server *name_server_start(const struct endpoint *endpoint)
{
	struct name_server *server = calloc(1, sizeof *server);
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);

	assert_non_null(server);
	server->tcp_fd = listen_on(endpoint, 16);
	server->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(server->udp_fd >= 0);
	assert_int_equal(bind(server->udp_fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(pthread_mutex_init(&server->lock, NULL), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
	return server;
}

void name_server_stop(struct name_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);
	pthread_mutex_destroy(&server->lock);
	close(server->udp_fd);
	close(server->tcp_fd);
	free(server);
}

void name_server_say(struct name_server *server, const struct name_record *record)
{
	struct entry *entry;

	pthread_mutex_lock(&server->lock);
	entry = find(server, record->name);
	if (entry == NULL) {
		assert_true(server->count < RECORDS_MAX);
		entry = &server->entries[server->count++];
	}
	entry->record = *record;
	entry->known = true;
	pthread_mutex_unlock(&server->lock);
}

void name_server_forget(struct name_server *server, const char *name)
{
	struct entry *entry;

	pthread_mutex_lock(&server->lock);
	entry = find(server, name);
	if (entry != NULL)
		entry->known = false;
	pthread_mutex_unlock(&server->lock);
}

unsigned name_server_questions(struct name_server *server, const char *name)
{
	const struct entry *entry;
	unsigned questions;

	pthread_mutex_lock(&server->lock);
	entry = find(server, name);
	questions = entry != NULL ? entry->questions : 0;
	pthread_mutex_unlock(&server->lock);
	return questions;
}
