/* SPDX-License-Identifier: MIT */
/*
 * Datagrams through a UDP forwarder and back, as many as it takes, and what of its processor time each costs:
 *
 *	bench_udp FRONT SERVER PID [FLOWS [SIZE [JOINED [SECONDS]]]]
 *
 * FRONT is where the forwarder of the process PID listens, SERVER where it sends to, which is served here. FLOWS
 *clients have some datagrams of SIZE bytes under way each; with JOINED above 1, so many are handed to the kernel in one
 *piece (UDP_SEGMENT), as QUIC does with bulk data. Pin the forwarder and this to processors of their own.
 */
#include "common/pure/addr.h"
#include "common/system/clock.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH 32
#define FLOWS_MAX 10000
#define PIECE 65536
/* Under way in each flow; and when none has come back for so long, they are taken for lost. */
#define WINDOW 8
#define LOST_NS (50 * NS_PER_MS)

static unsigned long size = 64, joined = 1, flow_count = 64, seconds = 3;
static unsigned char memory[2][BATCH][PIECE];

static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(1);
}

static int udp_socket(const struct endpoint *endpoint, bool is_server)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(endpoint, &address);
	int fd = socket(endpoint->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int on = 1, segment = (int)size, buffer = 4 << 20;

	must(fd >= 0, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	if (joined > 1) {
		must(setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0, "UDP_GRO");
		must(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0, "UDP_SEGMENT");
	}
	if (is_server)
		must(bind(fd, (struct sockaddr *)&address, length) == 0, "bind");
	else
		must(connect(fd, (struct sockaddr *)&address, length) == 0, "connect");
	return fd;
}

/* Receives what is there; how many datagrams in `ret_count`, how many pieces returned. */
static unsigned receive(int fd, struct mmsghdr *headers, unsigned most, int flags, uint64_t *ret_count)
{
	int got = recvmmsg(fd, headers, most, flags, NULL);

	*ret_count = 0;
	for (int i = 0; i < got; i++)
		*ret_count += (headers[i].msg_len + size - 1) / size;
	return (unsigned)MAX(got, 0);
}

static void *serve(void *context)
{
	struct sockaddr_storage names[BATCH];
	struct mmsghdr headers[BATCH];
	struct iovec iovs[BATCH];
	int fd = *(int *)context;
	uint64_t count;

	for (;;) {
		unsigned got;

		for (unsigned i = 0; i < BATCH; i++) {
			iovs[i] = (struct iovec){memory[0][i], PIECE};
			headers[i].msg_hdr = (struct msghdr){
				.msg_name = &names[i],
				.msg_namelen = sizeof names[i],
				.msg_iov = &iovs[i],
				.msg_iovlen = 1,
			};
		}
		got = receive(fd, headers, BATCH, MSG_WAITFORONE, &count);
		for (unsigned i = 0; i < got; i++)
			iovs[i].iov_len = headers[i].msg_len;
		if (got > 0)
			(void)sendmmsg(fd, headers, got, 0);
	}
	return NULL;
}

struct flow {
	int fd;
	unsigned under_way; /* pieces */
	struct mono heard;
};

/* How many datagrams have come back. */
static uint64_t turn(struct flow *flow, struct mono now)
{
	struct mmsghdr headers[BATCH] = {0};
	struct iovec iovs[BATCH];
	uint64_t count;
	unsigned got, pieces;

	for (unsigned i = 0; i < BATCH; i++) {
		iovs[i] = (struct iovec){memory[1][i], PIECE};
		headers[i].msg_hdr.msg_iov = &iovs[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	got = receive(flow->fd, headers, BATCH, MSG_DONTWAIT, &count);
	pieces = (unsigned)((count + joined - 1) / joined);
	if (got > 0)
		flow->heard = now;
	flow->under_way -= MIN(flow->under_way, pieces);
	if (mono_diff(now, flow->heard) > LOST_NS) {
		flow->under_way = 0;
		flow->heard = now;
	}
	for (unsigned i = 0; i < WINDOW - flow->under_way; i++)
		iovs[i].iov_len = size * joined;
	if (flow->under_way < WINDOW) {
		int sent = sendmmsg(flow->fd, headers, WINDOW - flow->under_way, MSG_DONTWAIT);

		flow->under_way += (unsigned)MAX(sent, 0);
	}
	return count;
}

static int64_t cpu_ns_of(pid_t pid)
{
	clockid_t clock;

	must(clock_getcpuclockid(pid, &clock) == 0, "process");
	return clock_read_ns(clock);
}

static void run(struct flow *flows, pid_t pid)
{
	struct mono began = clock_mono(), now = began, end = mono_add(began, (int64_t)seconds * NS_PER_S);
	int64_t cpu_ns = cpu_ns_of(pid);
	uint64_t count = 0;

	while (!mono_reached(end, now)) {
		uint64_t before = count;

		for (unsigned long i = 0; i < flow_count; i++)
			count += turn(&flows[i], now);
		/* Nothing has come: the processor is the server's. */
		if (count == before)
			poll(NULL, 0, 1);
		now = clock_mono();
	}
	cpu_ns = cpu_ns_of(pid) - cpu_ns;
	printf("%.0f datagrams/s each way, %.3f us of processor time each, %.0f%% of a processor\n",
		(double)count * 1e9 / (double)mono_diff(now, began),
		(double)cpu_ns / 1e3 / (double)(2 * MAX(count, UINT64_C(1))),
		100.0 * (double)cpu_ns / (double)mono_diff(now, began));
}

int main(int argc, char *argv[])
{
	static struct flow flows[FLOWS_MAX];
	unsigned long *const numbers[] = {&flow_count, &size, &joined, &seconds};
	struct endpoint front, back;
	pthread_t thread;
	int server;

	if (argc < 4 || endpoint_parse(argv[1], &front) < 0 || endpoint_parse(argv[2], &back) < 0) {
		fprintf(stderr, "bench_udp FRONT SERVER PID [FLOWS [SIZE [JOINED [SECONDS]]]]\n");
		return 2;
	}
	for (int i = 4; i < argc && i < 8; i++)
		*numbers[i - 4] = strtoul(argv[i], NULL, 10);
	if (flow_count > FLOWS_MAX || size == 0 || size * joined >= PIECE)
		return 2;
	server = udp_socket(&back, true);
	must(pthread_create(&thread, NULL, serve, &server) == 0, "thread");
	for (unsigned long i = 0; i < flow_count; i++)
		flows[i].fd = udp_socket(&front, false);
	run(flows, (pid_t)strtol(argv[3], NULL, 10));
	return 0;
}
