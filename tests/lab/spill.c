/* SPDX-License-Identifier: MIT */
/*
 * spill SOCKET: pours its standard input into a Unix socket, as far as the other end takes it, and prints what comes
 * back, at most a megabyte, until the other end closes or has been silent for half a second after the input's end.
 */
#include "common/pure/base.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SILENCE_MS 500
#define OUTPUT_MAX ((size_t)1024 * 1024)

struct spill {
	char bytes[65536];
	size_t at;
	size_t size;
	bool ended; /* of the input, or the other end does not take more */
	size_t printed;
};

static int connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof to.sun_path)
		return -1;
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
		fd_close(&fd);
	else
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void pour(struct spill *spill, int fd)
{
	ssize_t sent;

	if (spill->at == spill->size) {
		ssize_t got = read(STDIN_FILENO, spill->bytes, sizeof spill->bytes);

		spill->ended = got <= 0;
		spill->at = 0;
		spill->size = got > 0 ? (size_t)got : 0;
	}
	if (spill->ended)
		return;
	sent = send(fd, spill->bytes + spill->at, spill->size - spill->at, MSG_NOSIGNAL);
	if (sent >= 0)
		spill->at += (size_t)sent;
	else if (errno != EAGAIN)
		spill->ended = true;
}

/* Returns false when nothing more can come. */
static bool drink(struct spill *spill, int fd)
{
	char bytes[4096];
	ssize_t size = recv(fd, bytes, sizeof bytes, 0);

	if (size <= 0)
		return size < 0 && errno == EAGAIN;
	if (fwrite(bytes, (size_t)size, 1, stdout) != 1)
		return false;
	spill->printed += (size_t)size;
	return spill->printed < OUTPUT_MAX;
}

int main(int argc, char *argv[])
{
	static struct spill spill;
	AUTO_FD fd = argc == 2 ? connect_to(argv[1]) : -1;

	if (fd < 0) {
		fprintf(stderr, "spill: %s: %s\n", argc == 2 ? argv[1] : "SOCKET", strerror(errno));
		return 1;
	}
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = (short)(POLLIN | (spill.ended ? 0 : POLLOUT))};

		/* A server that stops reading without closing is not waited for. */
		if (poll(&ready, 1, SILENCE_MS) <= 0)
			return 0;
		if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !drink(&spill, fd))
			return 0;
		if ((ready.revents & POLLOUT) != 0 && !spill.ended)
			pour(&spill, fd);
	}
}
