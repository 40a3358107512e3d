/* SPDX-License-Identifier: MIT */
#include "tests/bench/load.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static struct load_peer *guest_of(struct loop_io *io)
{
	return CONTAINER_OF(io, struct load_peer, io);
}

/* What is complete of the requests that have come. False: the connection has ended. */
static bool take_requests(struct load_peer *guest, uint64_t *ret_count)
{
	uint64_t size = guest->load->options.request_size, got;
	bool goes_on = load_peer_read(guest, &got);

	guest->got += got;
	*ret_count = guest->got / size;
	guest->got %= size;
	return goes_on;
}

static bool answer(struct load_peer *guest, uint64_t *ret_count)
{
	bool goes_on = take_requests(guest, ret_count);

	return goes_on && (*ret_count == 0 || load_peer_send(guest, *ret_count * guest->load->options.answer_size));
}

void load_guest_answers(struct loop_io *io, unsigned events)
{
	struct load_peer *guest = guest_of(io);
	uint64_t count;

	(void)events;
	if (!answer(guest, &count))
		load_peer_close(guest);
}

/* As HTTP's `Connection: close` does. */
void load_guest_answers_and_closes(struct loop_io *io, unsigned events)
{
	struct load_peer *guest = guest_of(io);
	uint64_t count;

	(void)events;
	if (!answer(guest, &count) || count > 0)
		load_peer_close(guest);
}

void load_guest_sends(struct loop_io *io, unsigned events)
{
	struct load_peer *guest = guest_of(io);

	if ((events & LOOP_HANGUP) || !load_peer_flood(guest))
		load_peer_close(guest);
}

void load_guest_takes(struct loop_io *io, unsigned events)
{
	struct load_peer *guest = guest_of(io);
	uint64_t got;

	(void)events;
	if (load_peer_swallow(guest, &got))
		load_count(guest->load, got > 0, got);
	else
		load_peer_close(guest);
}

static bool accept_one(struct load *load)
{
	int fd = accept4(load->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct load_peer *guest;

	if (fd < 0)
		return false;
	guest = calloc(1, sizeof *guest);
	if (guest == NULL)
		load_fail("memory");
	guest->load = load;
	list_append(&load->guests, &guest->link);
	if (loop_io_add(load->loop, &guest->io, fd, load->options.mode->guest_events, load->options.mode->on_guest) < 0)
		load_fail("epoll");
	return true;
}

static void on_listener(struct loop_io *io, unsigned events)
{
	struct load *load = CONTAINER_OF(io, struct load, listener_io);

	(void)events;
	while (accept_one(load))
		continue;
}

int load_listen(struct load *load)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(&load->options.server, &address);
	const int on = 1;
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	load->listener_fd = fd;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
		bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 65535) < 0)
		return -errno;
	return loop_io_add(load->loop, &load->listener_io, fd, LOOP_READ, on_listener);
}
