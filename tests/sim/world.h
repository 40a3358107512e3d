/* SPDX-License-Identifier: MIT */
/*
 * The world that the simulated nodes live in: one clock, the networks between them, and the neighbours on the vips'
 * LANs with their ARP caches.
 *
 * Each vip has a LAN of its own, which carries adverts and ARP. The state port has a path over the first LAN, one over
 * a side network, or both. On each LAN a node has a neighbour beside it, at the same switch: a partition of the LAN has
 * neighbours on both sides.
 */
#ifndef LBPAIR_TESTS_SIM_WORLD_H
#define LBPAIR_TESTS_SIM_WORLD_H

#include "common/model/conf.h"
#include "common/pure/mono.h"
#include "tests/sim/random.h"
#include "vrrpd/peermsg.h"

#define SIM_NODES_MAX 5
/* The first two nodes are the pair; the others speak VRRP alone. */
#define SIM_PAIR 2
#define SIM_PARTIES_MAX (2 * SIM_NODES_MAX)
#define SIM_VIPS_MAX 2
#define SIM_NOBODY (-1)

/* The clock begins away from zero, which stands for "not set" in vrrpd's modules. */
#define SIM_EPOCH ((struct mono){1000 * NS_PER_S})

/* A vip's LAN has the vip's number. */
enum sim_net {
	SIM_LAN,
	SIM_SIDE = SIM_LAN + SIM_VIPS_MAX,
	SIM_NET_COUNT,
};

enum sim_packet_kind {
	SIM_ADVERT,
	SIM_DATAGRAM,
	SIM_ANNOUNCEMENT, /* gratuitous ARP */
	SIM_ARP_QUESTION, /* of a neighbour, who has the vip */
	SIM_ARP_ANSWER,
	SIM_PROBE, /* of a node, whether that neighbour is there */
	SIM_PROBE_ANSWER,
};

struct sim_packet {
	struct mono at; /* when it arrives */
	int net;
	enum sim_packet_kind kind;
	int from;
	int to;
	/* SIM_ADVERT */
	uint8_t priority;
	int64_t interval_ns;
	uint64_t sequence;
	bool is_signed;
	bool ipv6;
	bool forged;
	/* SIM_DATAGRAM; owned */
	struct peer_message *message;
};

/* The ways of the state port. */
enum {
	SIM_PATH_LAN = 1 << 0,
	SIM_PATH_SIDE = 1 << 1,
};

/* What a run is about: the same configuration on all nodes. */
struct sim_setup {
	int node_count;
	int vip_count;
	bool grouped; /* two vips are active on one node together */
	uint8_t priority[SIM_NODES_MAX];
	uint8_t version;
	int64_t interval_ns;
	int64_t lease_ns;
	bool preempt;
	int64_t preempt_delay_ns;
	int64_t start_delay_ns;
	size_t vip_room; /* of how many vips a datagram of a heartbeat speaks */
	unsigned paths;  /* of the pair's state port; 0: they speak VRRP alone */
	bool ipv4, ipv6; /* with both, each advert goes out in each, and each packet has its own fate */
	bool unicast;
	bool is_signed;
	enum vip_rollout rollout; /* at first */
	bool lbd_wanted;
	bool tracks; /* an uplink, whose failure costs 60 */
	int gateway; /* the neighbour, from 1, that is one on each LAN; 0: none is */
	int64_t check_interval_ns;
	int64_t check_timeout_ns;
	int64_t latency_ns;
	int64_t jitter_ns;
	bool quiet; /* no neighbour speaks unasked */
	int64_t clock_offset_ns[SIM_NODES_MAX];
};

struct sim_neighbour {
	int points_at; /* the node that its cache has for the vip; SIM_NOBODY: none yet */
	struct mono ask_at;
};

#define SIM_PACKETS_MAX 512

struct sim_world {
	struct sim_setup setup;
	struct sim_random random;
	struct mono now;
	bool trace;
	bool stirred; /* something has changed that the rules look at */

	/* How many faults keep packets from `from` from reaching `to`. */
	int blocked[SIM_NET_COUNT][SIM_PARTIES_MAX][SIM_PARTIES_MAX];
	int blocked_in_all;
	int port_closed; /* faults that keep datagrams off the LAN */
	int loss_percent;
	int duplicate_percent;

	struct sim_packet packets[SIM_PACKETS_MAX];
	size_t packet_count;
	struct mono first_at; /* when the first of them arrives */
	struct sim_neighbour neighbours[SIM_VIPS_MAX][SIM_NODES_MAX];
	struct mono ask_at; /* when the first of them asks */
};

void world_init(struct sim_world *world, const struct sim_setup *setup, uint64_t seed, bool trace);
void world_free(struct sim_world *world);

/* A line of the trace, where one is wanted. `who` is a node or SIM_NOBODY. */
void world_note(const struct sim_world *world, int who, const char *format, ...) PRINTF_LIKE(3, 4);

static inline int world_neighbour_party(const struct sim_world *world, int neighbour)
{
	return world->setup.node_count + neighbour;
}

/* The address of a neighbour on a LAN. */
static inline struct ip world_neighbour_ip(int lan, int party)
{
	return (struct ip){.family = AF_INET, .bytes = {192, 0, (uint8_t)(2 + lan), (uint8_t)(101 + party)}};
}

static inline int world_party_of(const struct ip *ip)
{
	return ip->bytes[3] - 101;
}

static inline bool world_is_open(const struct sim_world *world, int net, int from, int to)
{
	return world->blocked[net][from][to] == 0;
}

static inline bool world_is_lossless(const struct sim_world *world)
{
	return world->loss_percent == 0;
}

/* Whether everybody reaches everybody, and nothing is lost. */
static inline bool world_is_whole(const struct sim_world *world)
{
	return world->blocked_in_all == 0 && world->port_closed == 0 && world_is_lossless(world);
}

/* Blocks packets of one direction; `step` +1 or -1. */
void world_block(struct sim_world *world, int net, int from, int to, int step);

/* Sends a copy to packet->to, or to everybody on packet->net: with the delay, the losses and the duplicates of now. */
void world_send(struct sim_world *world, const struct sim_packet *packet);
void world_broadcast(struct sim_world *world, const struct sim_packet *packet);

/* When the next packet arrives or the next neighbour asks; and taking out the packet that is due, if any. */
struct mono world_deadline(const struct sim_world *world);
bool world_take_packet(struct sim_world *world, struct sim_packet *ret_packet);
/* Neighbours whose time has come ask who has the vip. */
void world_ask(struct sim_world *world);
/* What a neighbour learns of a frame, and answers. */
void world_hear(struct sim_world *world, const struct sim_packet *packet);

#endif
