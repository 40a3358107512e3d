/* SPDX-License-Identifier: MIT */
/* What the parts of the simulated main process want of each other: vip.c, talk.c, plan.c and sockets.c. */
#ifndef LBPAIR_TESTS_SIM_PARTS_H
#define LBPAIR_TESTS_SIM_PARTS_H

#include "tests/sim/node.h"

static inline struct mono now_of(const struct sim_node *node)
{
	return node->sim->world.now;
}

static inline const struct sim_setup *setup_of(const struct sim_node *node)
{
	return &node->sim->world.setup;
}

static inline int vip_count_of(const struct sim_node *node)
{
	return node->sim->world.setup.vip_count;
}

static inline const struct vip_conf *conf_of(const struct sim_vip *vip)
{
	return &vip->node->sim->conf.vips[vip->index];
}

static inline bool has_peer(const struct sim_node *node)
{
	return setup_of(node)->paths != 0 && node_is_of_pair(node);
}

static inline void set_any_timer(struct sim_node *node, int timer, struct mono at)
{
	struct sim_main *main = &node->main;

	main->timers[timer] = at;
	if (main->first_timer == timer)
		main->first_timer = -1;
	else if (main->first_timer >= 0 && mono_before(at, main->timers[main->first_timer]))
		main->first_timer = timer;
	node->next = (struct mono){0};
}

static inline void set_timer(struct sim_node *node, enum sim_timer timer, struct mono at)
{
	set_any_timer(node, (int)timer, at);
}

static inline void set_vip_timer(struct sim_vip *vip, enum sim_vip_timer timer, struct mono at)
{
	set_any_timer(vip->node, TIMER_COUNT + vip->index * VIP_TIMER_COUNT + (int)timer, at);
}

/* vip.c */
uint32_t sim_vip_id(int vip);
void sim_vip_start(struct sim_node *node, int vip);
void sim_vip_step(struct sim_vip *vip, const struct vrrp_event *event);
void sim_vip_event(struct sim_vip *vip, enum vrrp_event_kind kind);
void sim_vip_review(struct sim_vip *vip);
void sim_vip_review_all(struct sim_node *node);
void sim_vip_take_advert(struct sim_vip *vip, const struct sim_packet *packet);
void sim_vip_address_gone(struct sim_vip *vip);
void sim_vip_save(struct sim_node *node);
void sim_vip_on_tick(struct sim_vip *vip);
void sim_vip_on_renewal(struct sim_vip *vip);
void sim_vip_on_announcement(struct sim_vip *vip);
void sim_vip_on_probe(struct sim_vip *vip);
void sim_vip_on_retort(struct sim_vip *vip);
/* Another says on the LAN that it has the vip. */
void sim_vip_hear_rival(struct sim_vip *vip);
struct doubt sim_vip_doubt(const struct sim_vip *vip);
void sim_vip_want_probes(struct sim_vip *vip);

/* talk.c */
void talk_start(struct sim_node *node);
void talk_send(struct sim_node *node, struct peer_message *message);
void talk_send_heartbeat(struct sim_node *node);
void talk_take(struct sim_node *node, const struct sim_packet *packet);
void talk_on_silence(struct sim_node *node, int path);
bool talk_hears_on(const struct sim_node *node, int net);
/* Whether the peer is heard, but not by the path there, though there is one; and since when. */
bool talk_misses_on(const struct sim_node *node, int net, struct mono *ret_since);
const struct peer_message *talk_heartbeat(const struct sim_node *node);
/* What it says of the vip; NULL: nothing. */
const struct peer_vip *talk_word(const struct sim_node *node, int vip);

/* plan.c */
void plan_start(struct sim_vip *vip, bool dry_run, bool entering, uint64_t asked);
void plan_take(struct sim_node *node, const struct peer_message *message);
void plan_on_repeat(struct sim_vip *vip);
void plan_enter_maintenance(struct sim_node *node);
void plan_end_maintenance(struct sim_node *node);

/* sockets.c: what waits for a process that gets no time. */
enum sim_socket {
	SOCKET_ADVERTS,
	SOCKET_STATE_PORT,
	SOCKET_ARP,
};
/* As much of it as is read in one go. */
void sockets_read(struct sim_node *node, enum sim_socket socket);
void sockets_round(struct sim_node *node);
/* A slice of the look before what is decided by silence. Whether what had come by then has been taken in. */
bool sockets_drain_until(struct sim_node *node, struct mono due);

#endif
