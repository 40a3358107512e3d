/* SPDX-License-Identifier: MIT */
#include "tests/e2e/load.h"

#include "tests/e2e/daemon.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN_MAX_FDS 256
#define LOOK_MS 20
#define REQUESTS_MAX 5

/* Answers what has come. False: the connection is over. */
static bool answer(int fd, char letter)
{
	char bytes[64];
	ssize_t count = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (count <= 0)
		return count < 0 && errno == EAGAIN;
	memset(bytes, letter, (size_t)count);
	return send(fd, bytes, (size_t)count, MSG_NOSIGNAL) == count;
}

static void *serve(void *context)
{
	struct load_server *server = context;
	struct pollfd fds[OPEN_MAX_FDS] = {{.fd = server->listener, .events = POLLIN}};
	nfds_t count = 1;

	while (!atomic_load(&server->stopping)) {
		if (poll(fds, count, LOOK_MS) <= 0)
			continue;
		for (nfds_t i = count - 1; i > 0; i--) {
			if (fds[i].revents == 0 || answer(fds[i].fd, server->letter))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--count];
		}
		if ((fds[0].revents & POLLIN) && count < OPEN_MAX_FDS) {
			int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

			if (fd >= 0)
				fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
	for (nfds_t i = 0; i < count; i++)
		close(fds[i].fd);
	return NULL;
}

void load_server_start(struct load_server *server, const struct endpoint *at, char letter)
{
	*server = (struct load_server){.at = *at, .letter = letter, .listener = listen_on(at, 4096)};
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

void load_server_kill(struct load_server *server)
{
	atomic_store(&server->stopping, true);
	pthread_join(server->thread, NULL);
}

static void note_failure(struct load *load, const char *what)
{
	int error = errno;

	if (atomic_fetch_add(&load->failures, 1) == 0)
		snprintf(load->error, sizeof load->error, "%s: %s", what, strerror(error));
}

/* One connection of a few requests. */
static void ask(struct load *load, unsigned requests)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&load->to, &address);
	const struct timeval limit = {.tv_sec = 10};
	int fd = socket(load->to.ip.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char letter = 0;

	assert(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(fd, (const struct sockaddr *)&address, size) < 0)
		note_failure(load, "connect");
	else
		for (unsigned i = 0; i < requests; i++) {
			ssize_t got = -1;

			errno = 0;
			if (send(fd, "?", 1, MSG_NOSIGNAL) == 1)
				got = recv(fd, &letter, 1, 0);
			if (got != 1) {
				note_failure(load, got == 0 ? "end instead of an answer" : "answer");
				break;
			}
			atomic_fetch_add(&load->answers[letter & 127], 1);
		}
	atomic_fetch_add(&load->connections[letter & 127], 1);
	close(fd);
}

static void *ask_on(void *context)
{
	struct load *load = context;

	for (unsigned i = 0; !atomic_load(&load->stopping); i++)
		ask(load, 1 + i % REQUESTS_MAX);
	return NULL;
}

void load_start(struct load *load, const struct endpoint *to)
{
	*load = (struct load){.to = *to};
	for (size_t i = 0; i < LOAD_CLIENTS; i++)
		assert_int_equal(pthread_create(&load->threads[i], NULL, ask_on, load), 0);
}

void load_stop(struct load *load)
{
	atomic_store(&load->stopping, true);
	for (size_t i = 0; i < LOAD_CLIENTS; i++)
		pthread_join(load->threads[i], NULL);
}
