/* SPDX-License-Identifier: MIT */
/*
 * ear: hears the adverts on its LANs and says how regular they are. By the kernel's time stamps, so that it does not
 * matter how busy this machine is; by the frames' source MACs, since addresses can be forged; and of each VRID and
 * family apart.
 *
 *   ear INTERFACE...    prints what was heard since the last mark, as a line of JSON, and begins anew: at once, for a
 * sign that it hears, with each SIGUSR1, and with SIGTERM before it ends
 *
 * For each MAC: how many VRIDs (of a family each) and adverts, how many of these of priority 0; the longest time
 * between two adverts of one VRID, and the longest that one of them has been silent now, its goodbye apart. In
 * milliseconds.
 */
#include "common/pure/base.h"
#include "common/pure/mono.h"
#include "common/system/clock.h"
#include "common/system/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define VRRP_PROTOCOL 112
#define SENDERS_MAX 16
#define MAC_SIZE 6
#define STREAMS (2 * 256) /* a VRID of a family */
#define RECEIVE_BUFFER (32 * 1024 * 1024)

struct stream {
	int64_t last_ns; /* 0: none was heard yet */
	int64_t longest_ns;
	unsigned count;
	unsigned zeros;
	bool gone; /* the last one was of priority 0 */
};

struct sender {
	uint8_t mac[MAC_SIZE];
	struct stream streams[STREAMS];
};

static struct sender senders[SENDERS_MAX];
static size_t sender_count;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "ear: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sender *find_sender(const uint8_t *mac)
{
	for (size_t i = 0; i < sender_count; i++) {
		if (memcmp(senders[i].mac, mac, MAC_SIZE) == 0)
			return &senders[i];
	}
	if (sender_count == SENDERS_MAX)
		return NULL;
	memcpy(senders[sender_count].mac, mac, MAC_SIZE);
	return &senders[sender_count++];
}

static void hear(const uint8_t *mac, size_t family, const uint8_t *advert, int64_t at_ns)
{
	struct sender *sender = find_sender(mac);
	struct stream *stream;

	if (sender == NULL)
		return;
	stream = &sender->streams[family * 256 + advert[1]];
	if (stream->last_ns != 0 && !stream->gone)
		stream->longest_ns = MAX(stream->longest_ns, at_ns - stream->last_ns);
	stream->last_ns = at_ns;
	stream->count++;
	stream->gone = advert[2] == 0;
	stream->zeros += stream->gone;
}

static int64_t stamp_of(struct msghdr *message)
{
	struct timespec stamp = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
	}
	return stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
}

static bool receive(int fd)
{
	uint8_t frame[128];
	_Alignas(struct cmsghdr) uint8_t control[64];
	struct iovec part = {.iov_base = frame, .iov_len = sizeof frame};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
	bool v6 = size > ETH_HLEN && frame[12] == 0x86;
	size_t at = ETH_HLEN + (v6 ? 40 : (size_t)(frame[ETH_HLEN] & 15) * 4);

	if (size < 0)
		return false;
	if ((size_t)size >= at + 8)
		hear(frame + MAC_SIZE, v6, frame + at, stamp_of(&message));
	return true;
}

static double ms(int64_t ns)
{
	return (double)ns / (double)NS_PER_MS;
}

static void print_sender(struct sender *sender, int64_t now_ns, const char *separator)
{
	int64_t longest_ns = 0, silent_ns = 0;
	unsigned streams = 0, adverts = 0, zeros = 0;

	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *stream = &sender->streams[i];

		if (stream->last_ns != 0 && !stream->gone)
			silent_ns = MAX(silent_ns, now_ns - stream->last_ns);
		streams += stream->count > 0;
		adverts += stream->count;
		zeros += stream->zeros;
		longest_ns = MAX(longest_ns, stream->longest_ns);
		*stream = (struct stream){0};
	}
	printf("%s\"%02x:%02x:%02x:%02x:%02x:%02x\":{\"vrids\":%u,\"adverts\":%u,\"zeros\":%u,\"gap_ms\":%.1f,"
	       "\"silent_ms\":%.1f}",
		separator, sender->mac[0], sender->mac[1], sender->mac[2], sender->mac[3], sender->mac[4],
		sender->mac[5], streams, adverts, zeros, ms(longest_ns), ms(silent_ns));
}

/* Frames that did not fit into the buffer would look like silence. */
static void print(int fd)
{
	struct tpacket_stats lost = {0};
	socklen_t size = sizeof lost;
	int64_t now_ns = clock_real_ns();

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &lost, &size) < 0)
		die("PACKET_STATISTICS");
	printf("{\"lost\":%u,\"from\":{", lost.tp_drops);
	for (size_t i = 0; i < sender_count; i++)
		print_sender(&senders[i], now_ns, i > 0 ? "," : "");
	printf("}}\n");
	fflush(stdout);
}

/* Whatever group and address the frames are for. */
static void hear_all(int fd, const char *interface)
{
	struct packet_mreq promiscuous = {.mr_ifindex = (int)if_nametoindex(interface), .mr_type = PACKET_MR_PROMISC};

	if (promiscuous.mr_ifindex == 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0)
		die(interface);
}

static int open_socket(char *const *interfaces)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VRRP_PROTOCOL, 3, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VRRP_PROTOCOL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 128),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};
	struct sockaddr_ll any = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	const int on = 1, buffer = RECEIVE_BUFFER;

	/* What this host sends is not what the others hear first. */
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
		bind(fd, (const struct sockaddr *)&any, sizeof any) < 0)
		die("packet socket");
	for (; *interfaces != NULL; interfaces++)
		hear_all(fd, *interfaces);
	return fd_take(&fd);
}

int main(int argc, char *argv[])
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	struct signalfd_siginfo signal = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (argc < 2) {
		fprintf(stderr, "usage: ear INTERFACE...\n");
		return 2;
	}
	fds[0].fd = open_socket(argv + 1);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fds[1].fd < 0)
		die("signalfd");
	/* That it hears. */
	print(fds[0].fd);
	while (signal.ssi_signo != SIGTERM) {
		if (poll(fds, 2, -1) < 0)
			die("poll");
		while (receive(fds[0].fd))
			continue;
		if (read(fds[1].fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
			print(fds[0].fd);
	}
	return 0;
}
