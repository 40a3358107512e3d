/* SPDX-License-Identifier: MIT */
#include "vrrpd/lanwatch.h"

#include "common/system/clock.h"
#include "common/system/fd.h"
#include "vrrpd/announce.h"
#include "vrrpd/monitor.h"
#include "vrrpd/route.h"
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
/* Which gateways there are is looked up in the first of so many rounds. */
#define GATEWAY_ROUNDS 10

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
	struct route_socket *routes;
	uint8_t peer_macs[PEER_MACS_MAX][PEER_MAC_SIZE];
	size_t peer_mac_count;
	struct watched **list; /* an entry for each interface that vips are on */
	size_t count;
};

static struct watched *find(const struct lanwatch *watch, const char *interface)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (strcmp(watch->list[i]->interface, interface) == 0)
			return watch->list[i];
	}
	return NULL;
}

/* Hearing. */

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

/* In the peer's heartbeats stand the hardware addresses of its interfaces: its link-local addresses stand nowhere. */
static bool is_peer_mac(const struct lanwatch *watch, const uint8_t mac[static PEER_MAC_SIZE])
{
	for (size_t i = 0; i < watch->peer_mac_count; i++) {
		if (memcmp(watch->peer_macs[i], mac, PEER_MAC_SIZE) == 0)
			return true;
	}
	return false;
}

static struct watched *find_index(const struct lanwatch *watch, int ifindex, struct monitor_link *ret_link)
{
	*ret_link = monitor_find_index(watch->setup.monitor, ifindex);
	return ret_link->ifindex != 0 ? find(watch, ret_link->name) : NULL;
}

/*
 * What that host of the LAN is asked from. False: it could not be asked, being of another network, or this node having
 * no address. Of IPv6 any neighbour can be asked from the link-local address.
 */
static bool find_own(
	const struct watched *watched, const struct monitor_link *on, const struct ip *host, struct ip *ret_own)
{
	const struct monitor *monitor = watched->watch->setup.monitor;
	struct monitor_link link;

	if (host->family == AF_INET6)
		return monitor_source(monitor, on->ifindex, FAMILY_IPV6, NULL, 0, ret_own);
	return monitor_find_neighbour(monitor, host, &link, ret_own) && link.ifindex == on->ifindex;
}

static void hear(struct lanwatch *watch, int ifindex, const struct neighbour_word *word)
{
	const struct conf *conf = watch->setup.conf;
	struct monitor_link link;
	struct watched *watched;
	struct ip own;

	if (watch->setup.claimed(watch->setup.context, ifindex, word))
		return;
	watched = find_index(watch, ifindex, &link);
	if (watched == NULL || is_node_address(conf, &word->sender) ||
		memcmp(word->mac, link.mac, sizeof link.mac) == 0)
		return;
	if (is_peer_mac(watch, word->mac))
		lan_forget(&watched->lan, &word->sender);
	else if (find_own(watched, &link, &word->sender, &own))
		lan_hear(&watched->lan, &word->sender, word->answer && ip_equal(&word->target, &own), clock_mono());
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

/* Those of the default routes, and those that the vips of the interface track and that are on its LAN. */
static void find_gateways(struct watched *watched, const struct monitor_link *link)
{
	struct lanwatch *watch = watched->watch;
	const struct conf *conf = watch->setup.conf;
	struct ip ips[LAN_GATEWAYS], own;
	struct monitor_link on;
	size_t count = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		count += route_gateway(watch->routes, family, link->ifindex, &ips[count]);
	for (size_t i = 0; i < conf->vip_count; i++) {
		const struct vip_conf *vip = &conf->vips[i];

		if (strcmp(vip->interface, watched->interface) != 0)
			continue;
		for (size_t k = 0; k < vip->track_gateway_count && count < LAN_GATEWAYS; k++)
			count += ip_parse(vip->track_gateways[k].name, &ips[count]) == 0 &&
				 monitor_find_neighbour(watch->setup.monitor, &ips[count], &on, &own) &&
				 on.ifindex == link->ifindex;
	}
	lan_set_gateways(&watched->lan, ips, count);
}

static void ask(struct watched *watched)
{
	const struct lanwatch_setup *setup = &watched->watch->setup;
	struct monitor_link link = monitor_find(setup->monitor, watched->interface);
	struct ip ips[LAN_ASKED_MAX], own;
	size_t count;

	if (watched->lan.rounds % GATEWAY_ROUNDS == 0)
		find_gateways(watched, &link);
	count = lan_ask(&watched->lan, ips);
	for (size_t i = 0; i < count; i++) {
		/* An answer that was lost on the way to the socket is missed like one that never came. */
		if (find_own(watched, &link, &ips[i], &own))
			(void)!announce_ask(setup->announce_fd, link.ifindex, link.mac, &own, &ips[i]);
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

static bool has_mac(const struct peer_message *heartbeat, const uint8_t mac[static PEER_MAC_SIZE])
{
	for (size_t i = 0; i < heartbeat->mac_count; i++) {
		if (memcmp(heartbeat->macs[i], mac, PEER_MAC_SIZE) == 0)
			return true;
	}
	return false;
}

void lanwatch_fill(const struct lanwatch *watch, struct peer_message *heartbeat)
{
	for (size_t i = 0; i < watch->count && heartbeat->mac_count < PEER_MACS_MAX; i++) {
		struct monitor_link link = monitor_find(watch->setup.monitor, watch->list[i]->interface);

		if (link.ifindex != 0 && !has_mac(heartbeat, link.mac))
			memcpy(heartbeat->macs[heartbeat->mac_count++], link.mac, PEER_MAC_SIZE);
	}
}

void lanwatch_take(struct lanwatch *watch, const struct peer_message *heartbeat, struct vip *const *vips, size_t count)
{
	watch->peer_mac_count = heartbeat->mac_count;
	memcpy(watch->peer_macs, heartbeat->macs, sizeof watch->peer_macs);
	for (size_t i = 0; i < watch->count; i++) {
		struct watched *watched = watch->list[i];
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
		/* This node itself, as what answers the peer, would prove nothing. */
		if (active && probe != NULL && probe->answering.family != 0 &&
			!monitor_has(watch->setup.monitor, &probe->answering))
			lan_set_target(&watched->lan, &probe->answering);
		else
			lan_set_target(&watched->lan, NULL);
	}
}

/* Verdicts. */

const struct lan *lanwatch_lan(const struct lanwatch *watch, const char *interface, int64_t *ret_interval_ns)
{
	const struct watched *watched = find(watch, interface);

	if (watched == NULL)
		return NULL;
	*ret_interval_ns = watched->interval_ns;
	return &watched->lan;
}

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

bool lanwatch_is_mute(const struct lanwatch *watch, const char *interface)
{
	const struct watched *watched = find(watch, interface);

	return watched != NULL && lan_is_mute(&watched->lan, watched->interval_ns, clock_mono());
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

/* ARP, and neighbour discovery; whatever else passes by wakes nobody. */
static int open_socket(int *ret_fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_SOLICIT, 1, 0),
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

static void watched_free(struct lanwatch *watch, struct watched *watched)
{
	if (watched != NULL)
		loop_timer_clear(watch->setup.loop, &watched->round);
	free(watched);
}

/* The entries for a configuration: those for interfaces that are watched already are the same. */
struct entries {
	struct watched **list;
	size_t count;
};

static struct watched *find_entry(const struct entries *entries, const char *interface)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->list[i]->interface, interface) == 0)
			return entries->list[i];
	}
	return NULL;
}

static int add_vip(struct lanwatch *watch, struct entries *entries, const struct vip_conf *vip)
{
	struct watched *watched;

	if (find_entry(entries, vip->interface) != NULL)
		return 0;
	watched = find(watch, vip->interface);
	if (watched == NULL) {
		watched = calloc(1, sizeof *watched);
		if (watched == NULL)
			return -ENOMEM;
		*watched = (struct watched){.watch = watch, .interface = vip->interface};
	}
	entries->list[entries->count++] = watched;
	return 0;
}

/* The names and intervals are the configuration's. */
static void go_by(const struct entries *entries, const struct conf *conf)
{
	for (size_t i = 0; i < entries->count; i++)
		entries->list[i]->interval_ns = INT64_MAX;
	for (size_t i = 0; i < conf->vip_count; i++) {
		struct watched *watched = find_entry(entries, conf->vips[i].interface);

		watched->interface = conf->vips[i].interface;
		watched->interval_ns = MIN(watched->interval_ns, conf->vips[i].advert_interval_ns);
	}
}

/* Frees those of `a` that are not among `b`, and the list. */
static void drop_entries(struct lanwatch *watch, const struct entries *a, const struct entries *b)
{
	for (size_t i = 0; i < a->count; i++) {
		if (find_entry(b, a->list[i]->interface) == NULL)
			watched_free(watch, a->list[i]);
	}
	free(a->list);
}

int lanwatch_reload(struct lanwatch *watch, const struct conf *conf)
{
	const struct entries before = {watch->list, watch->count};
	struct entries entries = {.list = calloc(MAX(conf->vip_count, (size_t)1), sizeof *entries.list)};
	int r = entries.list == NULL ? -ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < conf->vip_count; i++)
		r = add_vip(watch, &entries, &conf->vips[i]);
	if (r < 0) {
		drop_entries(watch, &entries, &before);
		return r;
	}
	drop_entries(watch, &before, &entries);
	go_by(&entries, conf);
	watch->setup.conf = conf;
	watch->list = entries.list;
	watch->count = entries.count;
	return 0;
}

int lanwatch_new(const struct lanwatch_setup *setup, struct lanwatch **ret_watch)
{
	struct lanwatch *watch = calloc(1, sizeof *watch);
	int r;

	if (watch == NULL)
		return -ENOMEM;
	watch->setup = *setup;
	watch->fd = -1;
	r = open_socket(&watch->fd);
	if (r == 0)
		r = route_open(&watch->routes);
	if (r == 0)
		r = loop_io_add(setup->loop, &watch->io, watch->fd, LOOP_READ, on_frame);
	if (r == 0)
		r = lanwatch_reload(watch, setup->conf);
	if (r < 0) {
		lanwatch_free(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

void lanwatch_free(struct lanwatch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->count; i++)
		watched_free(watch, watch->list[i]);
	loop_io_remove(watch->setup.loop, &watch->io);
	fd_close(&watch->fd);
	route_close(watch->routes);
	free(watch->list);
	free(watch);
}
