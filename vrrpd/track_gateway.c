/* SPDX-License-Identifier: MIT */
#include "common/system/clock.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"
#include "vrrpd/announce.h"
#include "vrrpd/echo.h"
#include "vrrpd/monitor.h"
#include "vrrpd/neighbour.h"
#include "vrrpd/watch.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <string.h>

/* Packets of others that a round reads at most. */
#define READS_A_ROUND 16

struct gateway {
	struct watch *watch;
	struct ip ip;
	int near_fd; /* hears the answers of a neighbour: ARP, or neighbour advertisements */
	int echo_fd; /* raw, of the address's family */
	struct loop_io near_io;
	struct loop_io echo_io;
	struct loop_timer next;
	struct echo echo;
	bool asked;
	bool answered;
	int error; /* of the last question; 0: it went out */
};

static void take_answer(struct gateway *gateway)
{
	if (!gateway->asked || gateway->answered)
		return;
	gateway->answered = true;
	gateway->watch->report(gateway->watch, true, NULL);
}

static void on_near(struct loop_io *io, unsigned events)
{
	struct gateway *gateway = CONTAINER_OF(io, struct gateway, near_io);
	uint8_t bytes[NEIGHBOUR_FRAME_MAX];
	struct neighbour_word word;
	ssize_t size;

	(void)events;
	for (int i = 0; i < READS_A_ROUND; i++) {
		size = recv(gateway->near_fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (size < 0)
			break;
		if (neighbour_decode(bytes, (size_t)size, &word) && word.answer && ip_equal(&word.sender, &gateway->ip))
			take_answer(gateway);
	}
}

static void on_echo(struct loop_io *io, unsigned events)
{
	struct gateway *gateway = CONTAINER_OF(io, struct gateway, echo_io);
	uint8_t bytes[256];

	(void)events;
	for (int i = 0; i < READS_A_ROUND; i++) {
		struct sockaddr_storage address;
		socklen_t address_size = sizeof address;
		ssize_t size = recvfrom(gateway->echo_fd, bytes, sizeof bytes, MSG_DONTWAIT,
			(struct sockaddr *)&address, &address_size);
		struct endpoint from;

		if (size < 0)
			break;
		if (endpoint_from_sockaddr(&address, &from) == 0 && ip_equal(&from.ip, &gateway->ip) &&
			echo_is_answer(gateway->ip.family, bytes, (size_t)size, &gateway->echo))
			take_answer(gateway);
	}
}

static int send_echo(struct gateway *gateway)
{
	struct endpoint to = {.ip = gateway->ip};
	struct sockaddr_storage address;
	socklen_t address_size = endpoint_to_sockaddr(&to, &address);
	uint8_t bytes[ECHO_SIZE];
	struct writer out = writer_of(bytes, sizeof bytes);

	gateway->echo.sequence++;
	echo_encode(gateway->ip.family, &gateway->echo, &out);
	if (sendto(gateway->echo_fd, bytes, out.length, MSG_DONTWAIT, (const struct sockaddr *)&address, address_size) <
		0)
		return -errno;
	return 0;
}

/*
 * On a network of ours ARP and neighbour discovery tell, which no firewall hides; an echo would go by the kernel's
 * cache of neighbours.
 */
static void ask(struct gateway *gateway)
{
	struct monitor_link link;
	struct ip own;

	gateway->asked = true;
	gateway->answered = false;
	if (monitor_find_neighbour(gateway->watch->monitor, &gateway->ip, &link, &own))
		gateway->error = announce_ask(gateway->near_fd, link.ifindex, link.mac, &own, &gateway->ip);
	else
		gateway->error = send_echo(gateway);
}

static void on_next(struct loop_timer *timer, struct mono now)
{
	struct gateway *gateway = CONTAINER_OF(timer, struct gateway, next);
	char why[WATCH_WHY_MAX];

	/* What came while this process had other things to do counts. */
	on_near(&gateway->near_io, 0);
	on_echo(&gateway->echo_io, 0);
	if (gateway->asked && !gateway->answered) {
		if (gateway->error < 0)
			snprintf(why, sizeof why, "it could not be asked: %s", strerrordesc_np(-gateway->error));
		else
			snprintf(why, sizeof why, "it does not answer");
		gateway->watch->report(gateway->watch, false, why);
	}
	ask(gateway);
	if (loop_timer_set(gateway->watch->loop, timer, mono_add(now, gateway->watch->conf.interval_ns), on_next) < 0)
		abort();
}

/* Bound when the filter is there, so that nothing passes before it. */
static int open_near(uint16_t protocol, const struct sock_fprog *filter, int *ret_fd)
{
	const struct sockaddr_ll any = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) < 0 ||
		bind(fd, (const struct sockaddr *)&any, sizeof any) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

/* Only answers of that address wake us, whatever else is on the LAN. */
static int open_arp(const struct ip *ip, int *ret_fd)
{
	struct in_addr wanted = ip_to_v4(ip);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REPLY, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ETH_HLEN + 14),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(wanted.s_addr), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, NEIGHBOUR_FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	return open_near(ETHERTYPE_ARP, &filter, ret_fd);
}

static uint32_t word_of(const struct ip *ip, size_t at)
{
	struct cursor in = cursor_of(ip->bytes + at, 4);

	return cursor_u32(&in);
}

/* Where they stand when no extension header comes between, as none may (RFC 6980). */
#define NEXT_HEADER_AT (ETH_HLEN + 6)
#define ICMP6_AT (ETH_HLEN + 40)
#define ADVERT_TARGET_AT (ICMP6_AT + 8)

static int open_nd(const struct ip *ip, int *ret_fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NEXT_HEADER_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 11),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ICMP6_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 0, 9),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADVERT_TARGET_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_of(ip, 0), 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADVERT_TARGET_AT + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_of(ip, 4), 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADVERT_TARGET_AT + 8),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_of(ip, 8), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADVERT_TARGET_AT + 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_of(ip, 12), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, NEIGHBOUR_FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	return open_near(ETHERTYPE_IPV6, &filter, ret_fd);
}

static int open_echo(uint8_t family, int *ret_fd)
{
	AUTO_FD fd = socket(
		family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	int r;

	if (fd < 0)
		return -errno;
	if (family == AF_INET) {
		const struct icmp_filter filter = {.data = ~(1u << ICMP_ECHOREPLY)};

		r = setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
	} else {
		struct icmp6_filter filter;

		ICMP6_FILTER_SETBLOCKALL(&filter);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
		r = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
	}
	if (r < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

static int open_sockets(struct gateway *gateway)
{
	struct loop *loop = gateway->watch->loop;
	int r = open_echo(gateway->ip.family, &gateway->echo_fd);

	if (r == 0)
		r = loop_io_add(loop, &gateway->echo_io, gateway->echo_fd, LOOP_READ, on_echo);
	if (r == 0)
		r = gateway->ip.family == AF_INET ? open_arp(&gateway->ip, &gateway->near_fd)
						  : open_nd(&gateway->ip, &gateway->near_fd);
	if (r == 0)
		r = loop_io_add(loop, &gateway->near_io, gateway->near_fd, LOOP_READ, on_near);
	return r;
}

static int start(struct watch *watch)
{
	struct gateway *gateway = calloc(1, sizeof *gateway);
	int r;

	if (gateway == NULL)
		return -ENOMEM;
	*gateway = (struct gateway){.watch = watch, .near_fd = -1, .echo_fd = -1};
	watch->own = gateway;
	r = ip_parse(watch->conf.name, &gateway->ip);
	if (r == 0)
		r = crypto_random(&gateway->echo.id, sizeof gateway->echo.id);
	if (r == 0)
		r = open_sockets(gateway);
	if (r == 0)
		r = loop_timer_set(watch->loop, &gateway->next, clock_mono(), on_next);
	return r;
}

static void stop(struct watch *watch)
{
	struct gateway *gateway = watch->own;

	if (gateway == NULL)
		return;
	loop_io_remove(watch->loop, &gateway->near_io);
	loop_io_remove(watch->loop, &gateway->echo_io);
	loop_timer_clear(watch->loop, &gateway->next);
	fd_close(&gateway->near_fd);
	fd_close(&gateway->echo_fd);
	free(gateway);
}

const struct watch_kind watch_gateway = {
	.name = "gateway",
	.offset = offsetof(struct vip_conf, track_gateways),
	.count_offset = offsetof(struct vip_conf, track_gateway_count),
	.start = start,
	.stop = stop,
};
