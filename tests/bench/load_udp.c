/* SPDX-License-Identifier: MIT */
/*
 * Datagrams through a forwarder and back: each client keeps some under way. With `joined` above 1 so many are handed to
 * the kernel in one piece (UDP_SEGMENT), as QUIC does with bulk data.
 */
#include "common/system/clock.h"
#include "tests/bench/load.h"

#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#define BATCH 32
#define PIECE 65536
/* Pieces under way in each flow; and when none has come back for so long, they are taken for lost. */
#define WINDOW 8
#define LOST_NS (50 * NS_PER_MS)

static unsigned char memory[BATCH][PIECE];

struct flow {
	struct loop_io io;
	struct load *load;
	struct list link;
	unsigned under_way; /* pieces */
	struct mono heard;
};

static struct list flows;
static struct loop_timer lost_timer;

static int udp_socket(const struct load_options *options, const struct endpoint *endpoint, bool is_server)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(endpoint, &address);
	int fd = socket(endpoint->ip.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1, segment = (int)options->request_size, buffer = 4 << 20;

	if (fd < 0)
		load_fail("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
	if (options->joined > 1 && (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0 ||
					   setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) < 0))
		load_fail("UDP_SEGMENT");
	if ((is_server ? bind(fd, (struct sockaddr *)&address, length)
		       : connect(fd, (struct sockaddr *)&address, length)) < 0)
		load_fail(is_server ? "bind" : "connect");
	return fd;
}

/* Receives what is there; how many datagrams in `ret_count`, how many pieces returned. */
static unsigned receive(struct load *load, int fd, struct mmsghdr *headers, uint64_t *ret_count)
{
	int got = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);

	*ret_count = 0;
	for (int i = 0; i < got; i++)
		*ret_count += (headers[i].msg_len + load->options.request_size - 1) / load->options.request_size;
	return (unsigned)MAX(got, 0);
}

static void on_server(struct loop_io *io, unsigned events)
{
	struct load *load = CONTAINER_OF(io, struct load, listener_io);
	struct sockaddr_storage names[BATCH];
	struct mmsghdr headers[BATCH];
	struct iovec iovs[BATCH];
	uint64_t count;
	unsigned got;

	(void)events;
	for (unsigned i = 0; i < BATCH; i++) {
		iovs[i] = (struct iovec){memory[i], PIECE};
		headers[i].msg_hdr = (struct msghdr){
			.msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &iovs[i], .msg_iovlen = 1};
	}
	got = receive(load, io->fd, headers, &count);
	for (unsigned i = 0; i < got; i++)
		iovs[i].iov_len = headers[i].msg_len;
	if (got > 0)
		(void)sendmmsg(io->fd, headers, got, 0);
}

static int serve(struct load *load)
{
	load->listener_fd = udp_socket(&load->options, &load->options.server, true);
	return loop_io_add(load->loop, &load->listener_io, load->listener_fd, LOOP_READ, on_server);
}

static void prepare(struct mmsghdr *headers, struct iovec *iovs, size_t size)
{
	for (unsigned i = 0; i < BATCH; i++) {
		iovs[i] = (struct iovec){memory[i], size};
		headers[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iovs[i], .msg_iovlen = 1}};
	}
}

static void fill_window(struct flow *flow)
{
	const struct load_options *options = &flow->load->options;
	struct mmsghdr headers[BATCH];
	struct iovec iovs[BATCH];
	int sent;

	if (flow->under_way >= WINDOW)
		return;
	prepare(headers, iovs, options->request_size * options->joined);
	sent = sendmmsg(flow->io.fd, headers, WINDOW - flow->under_way, MSG_DONTWAIT);
	flow->under_way += (unsigned)MAX(sent, 0);
}

static void on_flow(struct loop_io *io, unsigned events)
{
	struct flow *flow = CONTAINER_OF(io, struct flow, io);
	const struct load_options *options = &flow->load->options;
	struct mmsghdr headers[BATCH];
	struct iovec iovs[BATCH];
	unsigned pieces;
	uint64_t count;

	(void)events;
	prepare(headers, iovs, PIECE);
	(void)receive(flow->load, io->fd, headers, &count);
	pieces = (unsigned)((count + options->joined - 1) / options->joined);
	if (count > 0)
		flow->heard = loop_now(flow->load->loop);
	flow->under_way -= MIN(flow->under_way, pieces);
	load_count(flow->load, count, count * options->request_size);
	fill_window(flow);
}

static void on_lost(struct loop_timer *timer, struct mono now)
{
	struct load *load = NULL;
	struct flow *flow;

	LIST_FOR_EACH(flow, &flows, link)
	{
		load = flow->load;
		if (mono_diff(now, flow->heard) < LOST_NS)
			continue;
		flow->under_way = 0;
		flow->heard = now;
		fill_window(flow);
	}
	if (load != NULL && loop_timer_set(load->loop, timer, mono_add(now, LOST_NS / 5), on_lost) < 0)
		load_fail("timer");
}

static int begin(struct load *load)
{
	int r = 0;

	list_init(&flows);
	for (uint64_t i = 0; r == 0 && i < load->options.connections; i++) {
		struct flow *flow = calloc(1, sizeof *flow);
		int fd = udp_socket(&load->options, &load->options.front, false);

		if (flow == NULL)
			return -ENOMEM;
		flow->load = load;
		list_append(&flows, &flow->link);
		r = loop_io_add(load->loop, &flow->io, fd, LOOP_READ, on_flow);
	}
	if (r == 0)
		on_lost(&lost_timer, clock_mono());
	return r;
}

const struct load_mode load_datagrams = {
	.name = "datagrams",
	.counts = "datagrams",
	.serve = serve,
	.begin = begin,
};
