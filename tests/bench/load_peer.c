/* SPDX-License-Identifier: MIT */
#include "tests/bench/load.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE ((size_t)1024 * 1024)

static char memory[PIECE];

void load_peer_close(struct load_peer *peer)
{
	loop_io_forget(peer->load->loop, &peer->io);
	close(peer->io.fd);
	list_remove(&peer->link);
	if (peer->idle.next != NULL)
		list_remove(&peer->idle);
	free(peer);
}

static bool receive(struct load_peer *peer, int flags, uint64_t *ret_got)
{
	ssize_t got = recv(peer->io.fd, memory, PIECE, MSG_DONTWAIT | flags);

	*ret_got = 0;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	*ret_got = (uint64_t)got;
	return got > 0;
}

bool load_peer_read(struct load_peer *peer, uint64_t *ret_got)
{
	return receive(peer, 0, ret_got);
}

/* tcp(7): with MSG_TRUNC nothing is copied, so that it is the balancer that has to do with each byte. */
bool load_peer_swallow(struct load_peer *peer, uint64_t *ret_got)
{
	return receive(peer, MSG_TRUNC, ret_got);
}

/* The same pages again and again: nothing is copied on this end either. */
static int pages(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("load", MFD_CLOEXEC);
		if (fd < 0 || write(fd, memory, PIECE) != (ssize_t)PIECE)
			load_fail("memfd");
	}
	return fd;
}

/* As much as a turn allows, so that the others, and those who read, have theirs. */
bool load_peer_flood(struct load_peer *peer)
{
	off_t from = 0;

	return sendfile(peer->io.fd, pages(), &from, PIECE / 4) >= 0 || errno == EAGAIN || errno == EINTR;
}

/* So small that a connection has room for it. */
bool load_peer_send(struct load_peer *peer, uint64_t size)
{
	return send(peer->io.fd, memory, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}
