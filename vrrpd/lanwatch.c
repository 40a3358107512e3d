/* SPDX-License-Identifier: MIT */
#include "vrrpd/lanwatch.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "vrrpd/announce.h"
#include "vrrpd/monitor.h"
#include "vrrpd/vip.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>

/* Packets that a round reads at most: a storm of ARP holds no advert up. */
#define READS_A_ROUND 32
/* A wish lapses after so many intervals. */
#define WANTED_INTERVALS 3

struct watched {
	struct lanwatch *watch;
	const char *interface;
	int64_t interval_ns; /* the shortest of its vips' */
	struct lan lan;
	struct mono wanted_until;
	struct loop_timer round;
};

struct lanwatch {
	struct lanwatch_setup setup;
	int fd;
	struct loop_io io;
	struct watched *list; /* an entry for each interface that vips are on */
	size_t count;
};

static struct watched *find(const struct lanwatch *watch, const char *interface)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (strcmp(watch->list[i].interface, interface) == 0)
			return &watch->list[i];
	}
	return NULL;
}

/* Hearing. */

static bool is_vip_address(const struct conf *conf, const struct ip *ip)
{
	for (size_t i = 0; i < conf->vip_count; i++) {
		for (size_t k = 0; k < conf->vips[i].address_count; k++) {
			if (ip_equal(&conf->vips[i].addresses[k].ip, ip))
				return true;
		}
	}
	return false;
}

static bool is_node_address(const struct conf *conf, const struct ip *ip)
{
	for (size_t i = 0; i < conf->pair.node_count; i++) {
		const struct node_conf *node = &conf->pair.nodes[i];

		if (ip_equal(&node->address, ip))
			return true;
		for (size_t k = 0; k < node->heartbeat_count; k++) {
			if (ip_equal(&node->heartbeats[k], ip))
				return true;
		}
	}
	return false;
}

static void hear(struct lanwatch *watch, int ifindex, const struct neighbour_word *word)
{
	const struct conf *conf = watch->setup.conf;
	struct monitor_link link;
	struct watched *watched;
	struct ip own;
	bool answer;

	if (is_vip_address(conf, &word->sender)) {
		watch->setup.claimed(watch->setup.context, ifindex, word);
		return;
	}
	/* Who has no address yet, or is of another network, could not be asked. */
	if (is_node_address(conf, &word->sender) ||
		!monitor_find_neighbour(watch->setup.monitor, &word->sender, &link, &own) || link.ifindex != ifindex)
		return;
	watched = find(watch, link.name);
	answer = word->answer && ip_equal(&word->target, &own);
	if (watched != NULL)
		lan_hear(&watched->lan, &word->sender, answer, clock_mono());
}

static bool receive_one(struct lanwatch *watch)
{
	uint8_t bytes[NEIGHBOUR_FRAME_MAX];
	struct sockaddr_ll from;
	socklen_t from_size = sizeof from;
	ssize_t size = recvfrom(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
	struct neighbour_word word;

	if (size < 0)
		return false;
	if (from.sll_pkttype != PACKET_OUTGOING && neighbour_decode(bytes, (size_t)size, &word))
		hear(watch, from.sll_ifindex, &word);
	return true;
}

static void on_frame(struct loop_io *io, unsigned events)
{
	struct lanwatch *watch = CONTAINER_OF(io, struct lanwatch, io);

	(void)events;
	for (int i = 0; i < READS_A_ROUND && receive_one(watch); i++)
		continue;
}

/* Asking. */

static void ask(struct watched *watched)
{
	const struct lanwatch_setup *setup = &watched->watch->setup;
	struct ip ips[LAN_HOSTS + 1];
	size_t count = lan_ask(&watched->lan, ips);

	for (size_t i = 0; i < count; i++) {
		struct monitor_link link;
		struct ip own;

		/* An answer that was lost on the way to the socket is missed like one that never came. */
		if (monitor_find_neighbour(setup->monitor, &ips[i], &link, &own) &&
			strcmp(link.name, watched->interface) == 0)
			(void)!announce_send(setup->announce_fd, link.ifindex, link.mac, &own, &ips[i]);
	}
}

static void on_round(struct loop_timer *timer, struct mono now)
{
	struct watched *watched = CONTAINER_OF(timer, struct watched, round);

	on_frame(&watched->watch->io, 0);
	if (!mono_before(now, watched->wanted_until)) {
		lan_rest(&watched->lan);
		return;
	}
	ask(watched);
	if (loop_timer_set(watched->watch->setup.loop, timer, mono_add(now, watched->interval_ns), on_round) < 0)
		log_error("no memory for a timer");
}

static void want(struct watched *watched)
{
	struct mono now = clock_mono();

	watched->wanted_until = mono_add(now, WANTED_INTERVALS * watched->interval_ns);
	if (!loop_timer_is_set(&watched->round) &&
		loop_timer_set(watched->watch->setup.loop, &watched->round, now, on_round) < 0)
		log_error("no memory for a timer");
}

void lanwatch_want(struct lanwatch *watch, const char *interface)
{
	struct watched *watched = find(watch, interface);

	if (watched != NULL)
		want(watched);
}

void lanwatch_take(struct lanwatch *watch, const struct peer_message *heartbeat, struct vip *const *vips, size_t count)
{
	for (size_t i = 0; i < watch->count; i++) {
		struct watched *watched = &watch->list[i];
		const struct peer_probe *probe = NULL;
		bool active = false;

		/* It names one vip of the LAN, which need not be one that is active here. */
		for (size_t k = 0; heartbeat->probe_count > 0 && k < count; k++) {
			if (strcmp(vips[k]->conf->interface, watched->interface) != 0)
				continue;
			active |= vips[k]->fsm.state == VRRP_ACTIVE;
			if (probe == NULL)
				probe = peermsg_find_probe(heartbeat, vips[k]->peer_id);
		}
		if (active && probe != NULL)
			want(watched);
		lan_set_target(&watched->lan,
			active && probe != NULL && probe->answering.family != 0 ? &probe->answering : NULL);
	}
}

/* Verdicts. */

bool lanwatch_is_heard(const struct lanwatch *watch, const char *interface)
{
	const struct watched *watched = find(watch, interface);

	return watched != NULL && lan_is_heard(&watched->lan, watched->interval_ns, clock_mono());
}

bool lanwatch_is_silent(const struct lanwatch *watch, const char *interface)
{
	const struct watched *watched = find(watch, interface);

	return watched != NULL && lan_is_silent(&watched->lan, watched->interval_ns, clock_mono());
}

bool lanwatch_is_dead(const struct lanwatch *watch, const char *interface)
{
	const struct watched *watched = find(watch, interface);

	return watched != NULL && lan_is_dead(&watched->lan);
}

bool lanwatch_answering(const struct lanwatch *watch, const char *interface, struct ip *ret_ip)
{
	const struct watched *watched = find(watch, interface);

	return watched != NULL && lan_answering(&watched->lan, watched->interval_ns, clock_mono(), ret_ip);
}

/* Life. */

/* ARP, and neighbour advertisements; whatever else passes by wakes nobody. */
static int open_socket(int *ret_fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, NEIGHBOUR_FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};
	const struct sockaddr_ll any = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	/* Bound when the filter is there, so that nothing passes before it. */
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
		bind(fd, (const struct sockaddr *)&any, sizeof any) < 0)
		return -errno;
	*ret_fd = fd_take(&fd);
	return 0;
}

static void add_vip(struct lanwatch *watch, const struct vip_conf *vip)
{
	struct watched *watched = find(watch, vip->interface);

	if (watched == NULL) {
		watched = &watch->list[watch->count++];
		*watched = (struct watched){
			.watch = watch, .interface = vip->interface, .interval_ns = vip->advert_interval_ns};
	}
	watched->interval_ns = MIN(watched->interval_ns, vip->advert_interval_ns);
}

int lanwatch_new(const struct lanwatch_setup *setup, struct lanwatch **ret_watch)
{
	struct lanwatch *watch = calloc(1, sizeof *watch);
	int r;

	if (watch == NULL)
		return -ENOMEM;
	watch->setup = *setup;
	watch->fd = -1;
	watch->list = calloc(MAX(setup->conf->vip_count, (size_t)1), sizeof *watch->list);
	r = watch->list != NULL ? open_socket(&watch->fd) : -ENOMEM;
	if (r == 0)
		r = loop_io_add(setup->loop, &watch->io, watch->fd, LOOP_READ, on_frame);
	if (r < 0) {
		lanwatch_free(watch);
		return r;
	}
	for (size_t i = 0; i < setup->conf->vip_count; i++)
		add_vip(watch, &setup->conf->vips[i]);
	*ret_watch = watch;
	return 0;
}

void lanwatch_free(struct lanwatch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->count; i++)
		loop_timer_clear(watch->setup.loop, &watch->list[i].round);
	loop_io_remove(watch->setup.loop, &watch->io);
	fd_close(&watch->fd);
	free(watch->list);
	free(watch);
}
