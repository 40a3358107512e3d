/* SPDX-License-Identifier: MIT */
/* The life of a simulated vrrpd, what it watches and its timers, as in agent.c and forwarder.c. */
#include "tests/sim/daemon.h"

#include "tests/sim/kernel.h"
#include "tests/sim/parts.h"
#include "vrrpd/advert.h"

#include <string.h>

#define PULSE_NS (20 * NS_PER_MS)
#define THRESHOLD_MIN_NS (100 * NS_PER_MS)
#define THRESHOLD_MAX_NS (300 * NS_PER_MS)
#define GUARD_TICK_NS (10 * NS_PER_MS)
#define TRACK_SAMPLE_NS (200 * NS_PER_MS)

static void on_pulse(struct sim_node *node)
{
	struct sim_guardian *guardian = &node->guardian;

	node->sim->world.stirred = node->sim->world.stirred || !guardian->process.running;
	if (!guardian->process.running)
		guardian->process = (struct sim_process){.running = true, .start_at = MONO_NEVER};
	guardian->threshold_ns =
		MAX(MIN(2 * setup_of(node)->interval_ns, THRESHOLD_MAX_NS), THRESHOLD_MIN_NS) + GUARD_TICK_NS;
	guardian->deadline = mono_add(now_of(node), guardian->threshold_ns);
	set_timer(node, TIMER_PULSE, mono_add(now_of(node), PULSE_NS));
	sim_vip_review_all(node);
}

static void on_track(struct sim_node *node)
{
	static const struct track_rule rule = {.rise = 2, .fall = 2, .interval_ns = TRACK_SAMPLE_NS};

	set_timer(node, TIMER_TRACK, mono_add(now_of(node), TRACK_SAMPLE_NS));
	if (track_score_take(&node->main.uplink, &rule, node->uplink_lost == 0, now_of(node)))
		sim_vip_review_all(node);
}

/* lbd. */

static void on_forwarder_changed(struct sim_node *node)
{
	sim_vip_review_all(node);
	if (has_peer(node))
		talk_send_heartbeat(node);
}

static void on_sample(struct sim_node *node)
{
	struct sim_main *main = &node->main;
	const struct sim_lbd *lbd = &node->lbd;
	struct forwarder_view before = node_forwarder_view(node), after;
	bool was_up = main->service.up;

	set_timer(node, TIMER_SAMPLE, mono_add(now_of(node), HANG_SAMPLE_NS));
	if (main->lbd_watched == 0 && lbd->process.running)
		main->lbd_watched = lbd->run;
	if (main->lbd_watched != 0) {
		main->lbd = (struct liveness_state){
			.loops = 1, .beats = {lbd->beats}, .bound = lbd->bound, .checked = lbd->checked};
		main->lbd_hung = hang_sample(&main->hang, &main->lbd, now_of(node));
		main->service.up = lbd->service_up;
	}
	after = node_forwarder_view(node);
	if (after.health != before.health || after.bound != before.bound || after.checked != before.checked ||
		was_up != main->service.up)
		on_forwarder_changed(node);
}

void daemon_lbd_ended(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	if (main->lbd_watched == 0 || !node_is_responsive(node, &main->process))
		return;
	main->lbd_watched = 0;
	main->lbd_hung = false;
	hang_reset(&main->hang);
	on_forwarder_changed(node);
}

/* Events of the kernel. */

void daemon_link_changed(struct sim_node *node)
{
	node->main.link_waiting = true;
	if (!node_is_responsive(node, &node->main.process))
		return;
	node->main.link_waiting = false;
	sim_vip_review_all(node);
}

void daemon_address_gone(struct sim_node *node, int vip)
{
	struct sim_main *main = &node->main;

	main->address_waiting[vip] = true;
	if (!node_is_responsive(node, &main->process))
		return;
	main->address_waiting[vip] = false;
	sim_vip_address_gone(&main->vips[vip]);
}

/* Whether who sent it is active now, and this node slept so long that it may be by a claim. */
static bool has_claimed(const struct sim_node *node, const struct sim_packet *advert)
{
	const struct sim_node *other = &node->sim->nodes[advert->from];

	return advert->priority != VRRP_PRIORITY_RESIGN &&
	       vrrp_has_overslept(&node->main.vips[advert->net].fsm, now_of(node)) &&
	       sim_clocks_agree(node->sim, other->index, node->index) &&
	       other->main.vips[advert->net].fsm.state == VRRP_ACTIVE &&
	       node_is_responsive(other, &other->main.process);
}

/* Whether it slept so long that another has claimed, and its claim is here: then that one is to keep the vip (5.3). */
static void record_sleep(struct sim_node *node)
{
	const struct sim_main *main = &node->main;

	for (int i = 0; i < vip_count_of(node); i++)
		node->records[i].overslept = false;
	for (size_t i = 0; i < main->waiting_count; i++) {
		if (main->waiting[i].kind == SIM_ADVERT && has_claimed(node, &main->waiting[i]))
			node->records[main->waiting[i].net].overslept = true;
	}
}

void daemon_wake(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	record_sleep(node);
	if (main->lbd_watched != 0 && (!node->lbd.process.running || node->lbd.run != main->lbd_watched))
		daemon_lbd_ended(node);
	sockets_round(node);
	if (main->link_waiting)
		daemon_link_changed(node);
	for (int i = 0; i < vip_count_of(node); i++) {
		if (main->address_waiting[i])
			daemon_address_gone(node, i);
	}
}

/* Life. */

void daemon_start(struct sim_node *node)
{
	struct sim_main *main = &node->main;

	world_note(&node->sim->world, node->index, "vrrpd starts");
	daemon_forget(node);
	memset(main, 0, offsetof(struct sim_main, waiting));
	main->process = (struct sim_process){.running = true, .start_at = MONO_NEVER};
	main->maintenance = node->kept_maintenance;
	main->link_waiting = false;
	memset(main->address_waiting, 0, sizeof main->address_waiting);
	strcpy(main->service.name, "web");
	for (size_t i = 0; i < SIM_TIMERS_MAX; i++)
		main->timers[i] = MONO_NEVER;
	main->first_timer = -1;
	node->epoch = 0;
	node->sequence = advert_sequence_after(node->kept_sequence, advert_sequence_of(kernel_real_ns(node)));
	for (int i = 0; i < vip_count_of(node); i++)
		sim_vip_start(node, i);
	if (has_peer(node))
		talk_start(node);
	set_timer(node, TIMER_SAMPLE, node_wants_lbd(node) ? now_of(node) : MONO_NEVER);
	set_timer(node, TIMER_TRACK, setup_of(node)->tracks && node_is_of_pair(node) ? now_of(node) : MONO_NEVER);
	set_timer(node, TIMER_PULSE, now_of(node));
	sim_vip_review_all(node);
	for (int i = 0; i < vip_count_of(node); i++)
		sim_vip_event(&main->vips[i], VRRP_EVENT_START);
}

void daemon_end(struct sim_node *node)
{
	world_note(&node->sim->world, node->index, "vrrpd is asked to end");
	node->main.stopping = true;
	for (int i = 0; i < vip_count_of(node); i++)
		sim_vip_event(&node->main.vips[i], VRRP_EVENT_STOP);
	sim_vip_save(node);
	daemon_forget(node);
}

/* Timers. */

static int timer_count(const struct sim_node *node)
{
	return TIMER_COUNT + vip_count_of(node) * VIP_TIMER_COUNT;
}

static int first_timer(struct sim_node *node)
{
	const struct mono *timers = node->main.timers;
	int first = 0;

	if (node->main.first_timer >= 0)
		return node->main.first_timer;

	for (int i = 1; i < timer_count(node); i++) {
		if (mono_before(timers[i], timers[first]))
			first = i;
	}
	node->main.first_timer = first;
	return first;
}

struct mono daemon_deadline(struct sim_node *node)
{
	const struct sim_main *main = &node->main;

	return node_is_responsive(node, &main->process) ? main->timers[first_timer(node)] : MONO_NEVER;
}

static void fire_shared(struct sim_node *node, int timer)
{
	static void (*const handlers[TIMER_COUNT])(struct sim_node * node) = {
		[TIMER_BEAT] = talk_send_heartbeat,
		[TIMER_PULSE] = on_pulse,
		[TIMER_SAMPLE] = on_sample,
		[TIMER_TRACK] = on_track,
		[TIMER_ROUND] = sockets_round,
	};

	if (handlers[timer] != NULL)
		handlers[timer](node);
	else
		talk_on_silence(node, timer - (int)TIMER_SILENCE);
}

static void fire_of_vip(struct sim_vip *vip, int timer)
{
	static void (*const handlers[VIP_TIMER_COUNT])(struct sim_vip * vip) = {
		[VIP_TIMER_TICK] = sim_vip_on_tick,
		[VIP_TIMER_RENEWAL] = sim_vip_on_renewal,
		[VIP_TIMER_ANNOUNCEMENT] = sim_vip_on_announcement,
		[VIP_TIMER_PROBE] = sim_vip_on_probe,
		[VIP_TIMER_REPEAT] = plan_on_repeat,
		[VIP_TIMER_RETORT] = sim_vip_on_retort,
	};

	handlers[timer](vip);
}

bool daemon_fire(struct sim_node *node)
{
	int timer = first_timer(node);

	if (!node_is_responsive(node, &node->main.process) || !mono_reached(node->main.timers[timer], now_of(node)))
		return false;
	set_any_timer(node, timer, MONO_NEVER);
	if (timer < TIMER_COUNT)
		fire_shared(node, timer);
	else
		fire_of_vip(&node->main.vips[(timer - TIMER_COUNT) / VIP_TIMER_COUNT],
			(timer - TIMER_COUNT) % VIP_TIMER_COUNT);
	return true;
}
