/* SPDX-License-Identifier: MIT */
/* One datagram out, and one that comes back. */
#include "lbd/probe.h"

#include "common/system/fd.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* The largest that there is. */
#define DATAGRAM_MAX 65536

struct datagram {
	struct probe probe;
	struct loop_io io;
	int fd;
};

static void datagram_free(struct probe *probe)
{
	struct datagram *datagram = CONTAINER_OF(probe, struct datagram, probe);

	loop_io_forget(datagram->probe.setup.loop, &datagram->io);
	fd_close(&datagram->fd);
	free(datagram);
}

/* udp(7): on a connected socket a refusal by ICMP is the next call's error. */
static void on_socket(struct loop_io *io, unsigned events)
{
	static char bytes[DATAGRAM_MAX]; /* of the control thread alone, and not kept */
	struct datagram *datagram = CONTAINER_OF(io, struct datagram, io);
	const struct probe_setup *setup = &datagram->probe.setup;
	const struct check_conf *conf = setup->target->conf;
	struct check_result result = {0};
	ssize_t got = recv(datagram->fd, bytes, sizeof bytes, 0);

	(void)events;
	if (got < 0 && errno == EAGAIN)
		return;
	if (got < 0)
		check_result_error(&result, errno);
	else
		result.passed =
			check_table[conf->kind]->feed(NULL, conf, bytes, (size_t)got, result.what) == CHECK_PASSED;
	setup->fn(setup->context, &result);
}

/* Where no answer is expected, nothing more than that nobody refuses can be found out. */
static void datagram_silence(const struct probe *probe, struct check_result *result)
{
	if (probe->setup.target->conf->expect.size > 0)
		return;
	result->passed = true;
	snprintf(result->what, sizeof result->what, "not refused");
}

static int begin(struct datagram *datagram)
{
	const struct probe_target *target = datagram->probe.setup.target;
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&target->server, &address);
	AUTO_TEXT request = {0};

	check_table[target->conf->kind]->request(target->conf, &target->server, &request);
	if (request.failed)
		return -ENOMEM;
	datagram->fd = socket(target->server.ip.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (datagram->fd < 0)
		return -errno;
	if (connect(datagram->fd, (const struct sockaddr *)&address, size) < 0 ||
		send(datagram->fd, request.data, request.length, 0) < 0)
		return -errno;
	return loop_io_add(datagram->probe.setup.loop, &datagram->io, datagram->fd, LOOP_READ, on_socket);
}

static int datagram_start(const struct probe_setup *setup, struct probe **ret_probe)
{
	struct datagram *datagram = calloc(1, sizeof *datagram);
	int r;

	if (datagram == NULL)
		return -ENOMEM;
	datagram->probe = (struct probe){.ops = &probe_datagram, .setup = *setup};
	datagram->fd = -1;
	r = begin(datagram);
	if (r < 0)
		datagram_free(&datagram->probe);
	else
		*ret_probe = &datagram->probe;
	return r;
}

const struct probe_ops probe_datagram = {
	.start = datagram_start,
	.free = datagram_free,
	.silence = datagram_silence,
};
