/* SPDX-License-Identifier: MIT */
#include "tests/e2e/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct fixture fixture;

const char *at(const struct endpoint *endpoint)
{
	static char texts[16][ENDPOINT_TEXT_MAX];
	static unsigned next;

	return endpoint_text(endpoint, texts[next++ % 16]);
}

static void write_services(struct text *out)
{
	static const struct {
		const char *name;
		const char *pool;
		const char *more;
	} services[] = {
		[PLAIN] = {"plain", "all", ""},
		[PAIR] = {"pair", "pair", ""},
		[RETRYING] = {"retrying", "retrying", "retries = 1"},
		[REFUSING] = {"refusing", "refusing", ""},
		[HASTY] = {"hasty", "first", "timeouts { connect = 200ms idle = 2s half-close = 1500ms }"},
		[CHECKED] = {"checked", "checked", ""},
		[EMPTY] = {"empty", "empty", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		text_addf(out, "service %s { listen = { \"%s\" } pool = %s %s }\n", services[i].name,
			at(&fixture.front[i]), services[i].pool, services[i].more);
}

static void write_pools(struct text *out)
{
	const struct endpoint *back = fixture.back;

	text_addf(out, "pool all {\n server a { address = \"%s\" }\n server b { address = \"%s\" }\n", at(&back[0]),
		at(&back[1]));
	text_addf(out, " server c { address = \"%s\" weight = 50 }\n}\n", at(&back[2]));
	text_addf(out, "pool pair { server a { address = \"%s\" }\n server b { address = \"%s\" } }\n", at(&back[0]),
		at(&back[1]));
	text_addf(out, "pool retrying { server dead { address = \"%s\" weight = 256 }\n", at(&fixture.nobody));
	text_addf(out, " server a { address = \"%s\" weight = 1 } }\n", at(&back[0]));
	text_addf(out, "pool refusing { server dead { address = \"%s\" } }\n", at(&fixture.nobody));
	text_addf(out, "pool first { server a { address = \"%s\" } }\n", at(&back[0]));
	text_addf(out, "pool checked {\n check tcp { interval = 50ms timeout = 50ms rise = 2 fall = 2 }\n");
	text_addf(out, " server x { address = \"%s\" weight = 256 }\n server a { address = \"%s\" weight = 1 } }\n",
		at(&fixture.checked), at(&fixture.spare));
	text_addf(out, "pool empty { }\n");
}

int fixture_setup(void **state)
{
	AUTO_TEXT sections = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fixture.front); i++)
		fixture.front[i] = free_endpoint((uint8_t)(100 + i));
	for (size_t i = 0; i < SERVERS; i++) {
		fixture.back[i] = free_endpoint((uint8_t)(1 + i));
		fixture.servers[i] = listen_on(&fixture.back[i], 4096);
	}
	fixture.nobody = free_endpoint(50);
	fixture.checked = free_endpoint(51);
	fixture.checked_fd = listen_on(&fixture.checked, 4096);
	fixture.spare = free_endpoint(52);
	fixture.spare_fd = listen_on(&fixture.spare, 4096);
	write_services(&sections);
	write_pools(&sections);
	fixture.lbd = lbd_start(text_get(&sections), 0);
	fixture.sockets = lbd_count_sockets(&fixture.lbd);
	return 0;
}

int fixture_teardown(void **state)
{
	int status = lbd_end(&fixture.lbd, SIGTERM);

	(void)state;
	/* The sanitizers speak by the exit status. */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

bool fixture_is_at_rest(void *context)
{
	static const char *const names[] = {"plain", "pair", "retrying", "refusing", "hasty", "checked", "empty"};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (lbd_service_number(&fixture.lbd, names[i], "connections") != 0)
			return false;
	}
	/* Checks come and go. */
	return lbd_count_sockets(&fixture.lbd) <= fixture.sockets + 2;
}

int fixture_rest(void **state)
{
	(void)state;
	wait_until(fixture_is_at_rest, NULL, 5000);
	return 0;
}

void reset_close(int fd)
{
	const struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(fd);
}

void send_all(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void expect_text(int fd, const char *text)
{
	char bytes[64];

	assert_int_equal(recv(fd, bytes, strlen(text), MSG_WAITALL), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

void expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

void expect_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

bool is_readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

size_t accept_any(int *ret_fd)
{
	struct pollfd fds[SERVERS];

	for (size_t i = 0; i < SERVERS; i++)
		fds[i] = (struct pollfd){.fd = fixture.servers[i], .events = POLLIN};
	assert_int_equal(poll(fds, SERVERS, 5000) > 0, 1);
	for (size_t i = 0; i < SERVERS; i++) {
		if (fds[i].revents & POLLIN) {
			*ret_fd = accept_from(fixture.servers[i]);
			return i;
		}
	}
	fail();
	return SERVERS;
}

void set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}
