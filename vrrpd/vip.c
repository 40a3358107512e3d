/* SPDX-License-Identifier: MIT */
#include "vrrpd/vip.h"

#include "common/system/clock.h"
#include "vrrpd/place.h"
#include "vrrpd/vip_advert.h"
#include "vrrpd/vip_announce.h"
#include "vrrpd/vip_base.h"
#include "vrrpd/vip_lease.h"

#include <errno.h>
#include <stdio.h>

const char *vip_link_fault(const struct vip *vip, char buffer[static VIP_FAULT_MAX])
{
	if (vip->fsm.state != VRRP_FAULT || vip->fsm.facts.link_ok || vip->link_why == NULL)
		return NULL;
	snprintf(buffer, VIP_FAULT_MAX, "interface %s %s", vip->conf->interface, vip->link_why);
	return buffer;
}

static void report_move(struct vip *vip, const struct vrrp_actions *actions)
{
	const char *from = vrrp_state_name(actions->from);
	const char *to = vrrp_state_name(vip->fsm.state);
	char fault[VIP_FAULT_MAX];
	const char *reason = vip_link_fault(vip, fault) != NULL ? fault : vip->fsm.reason;

	vip->counters.transitions++;
	vip->moved_at = loop_now(vip->shared->loop);
	log_info("vip state", log_str("vip", vip->conf->name), log_str("from", from), log_str("to", to),
		log_str("reason", reason));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"%s -> %s: %s", from, to, reason);
}

static void carry_out(struct vip *vip, const struct vrrp_actions *actions)
{
	if (actions->todo & VRRP_DO_INSTALL)
		vip_lease_begin(vip);
	/* What is said of it is said when the addresses are gone. */
	if (actions->todo & VRRP_DO_REMOVE)
		vip_lease_end(vip, actions->todo & VRRP_DO_ADVERT ? &actions->advert_priority : NULL);
	else if (actions->todo & VRRP_DO_ADVERT)
		vip_advert_send(vip, actions->advert_priority);
	/* What is to be installed is announced then. */
	if (actions->todo & VRRP_DO_ANNOUNCE && vip->tenure.installed)
		vip_announce(vip);
	if (actions->todo & VRRP_DO_RELEASE)
		vip->shared->release(vip->shared->context, vip);
	if (actions->todo & VRRP_DO_KEEP)
		vip->shared->keep(vip->shared->context);
}

static void on_tick(struct loop_timer *timer, struct mono now);

static void set_tick(struct vip *vip, struct mono at)
{
	vip_check_timer(vip, loop_timer_set_urgent(vip->shared->loop, &vip->tick, at, on_tick));
}

static void note_held_back(struct vip *vip, const char *before)
{
	if (vip->fsm.reason == before)
		return;
	if (vip->fsm.reason == vip->fsm.moved_reason) {
		log_info("the active node is heard", log_str("vip", vip->conf->name));
		vip_note(vip, "the active node is heard");
		return;
	}
	log_info("claim held back", log_str("vip", vip->conf->name), log_str("reason", vip->fsm.reason));
	recorder_add(vip->shared->recorder, loop_now(vip->shared->loop), clock_real_ns(), vip->conf->name,
		"claim held back: %s", vip->fsm.reason);
}

static void step_at(struct vip *vip, const struct vrrp_event *event, struct mono now)
{
	const char *reason = vip->fsm.reason;
	struct vrrp_actions actions;
	struct mono deadline;

	vrrp_step(&vip->fsm, event, now, &actions);
	carry_out(vip, &actions);
	if (actions.moved) {
		report_move(vip, &actions);
		vip->shared->moved(vip->shared->context, vip, actions.from);
	} else {
		note_held_back(vip, reason);
	}
	deadline = vrrp_deadline(&vip->fsm);
	if (mono_is_never(deadline))
		loop_timer_clear(vip->shared->loop, &vip->tick);
	else
		set_tick(vip, deadline);
}

void vip_step(struct vip *vip, const struct vrrp_event *event)
{
	step_at(vip, event, clock_mono());
}

void vip_event(struct vip *vip, enum vrrp_event_kind kind)
{
	vip_step(vip, &(struct vrrp_event){.kind = kind});
}

/* DESIGN section 5.3: before an active node that slept goes on, it takes in what came meanwhile. */
static void wake_late(struct vip *vip)
{
	log_warning("overslept", log_str("vip", vip->conf->name),
		log_ms("since_last_advert", mono_diff(clock_mono(), vip->advert_sent_at)));
	vip_note(vip, "overslept");
	vip->woke_at = loop_now(vip->shared->loop);
	vip_event(vip, VRRP_EVENT_OVERSLEPT);
}

/* All of that has been taken in. */
static void end_waking(struct vip *vip)
{
	bool blind = vip->shared->is_blind(vip->shared->context, vip->woke_at);

	vip->woke_at = (struct mono){0};
	if (blind && vip->fsm.state == VRRP_ACTIVE)
		vip_step(vip, &(struct vrrp_event){.kind = VRRP_EVENT_OVERSLEPT, .blind = true});
}

/* Whether what had come by the deadline has been taken in, for whom it matters; else the tick comes again at once. */
static bool has_looked(struct vip *vip)
{
	struct mono due = vrrp_deadline(&vip->fsm);

	if (vip->woke_at.ns == 0 && vip->fsm.state != VRRP_BACKUP)
		return true;
	if (!mono_reached(due, clock_mono()) || vip->shared->look(vip->shared->context, due))
		return true;
	set_tick(vip, clock_mono());
	return false;
}

static void on_tick(struct loop_timer *timer, struct mono now)
{
	struct vip *vip = CONTAINER_OF(timer, struct vip, tick);

	(void)now;
	if (vip->fsm.state == VRRP_ACTIVE)
		vip->counters.late_max_ns = MAX(vip->counters.late_max_ns, mono_diff(clock_mono(), timer->at));
	if (vip->woke_at.ns == 0 && vrrp_has_overslept(&vip->fsm, clock_mono()))
		wake_late(vip);
	if (!has_looked(vip))
		return;
	if (vip->woke_at.ns != 0)
		end_waking(vip);
	vip_step(vip,
		&(struct vrrp_event){.kind = VRRP_EVENT_TICK, .lost_at = vip->shared->lost_at(vip->shared->context)});
}

struct vrrp_conf vip_vrrp_conf(const struct vip_conf *conf, uint8_t priority)
{
	return (struct vrrp_conf){
		.version = conf->version,
		.priority = priority,
		.interval_ns = conf->advert_interval_ns,
		.preempt = conf->preempt,
		.preempt_delay_ns = conf->preempt_delay_ns,
		.start_delay_ns = conf->start_delay_ns,
	};
}

int vip_new(
	const struct vip_conf *conf, uint8_t priority, bool yielding, struct vip_shared *shared, struct vip **ret_vip)
{
	const struct vrrp_conf vrrp = vip_vrrp_conf(conf, priority);
	struct vip *vip = calloc(1, sizeof *vip);

	if (vip == NULL)
		return -ENOMEM;
	vip->conf = conf;
	vip->shared = shared;
	vip->peer_id = peer_vip_id(conf->name, conf->vrid);
	vip->senders.kept_sequence = shared->kept_sequence;
	list_init(&vip->writes);
	health_init(&vip->health, clock_mono());
	vrrp_init(&vip->fsm, &vrrp, yielding);
	*ret_vip = vip;
	return 0;
}

void vip_tick_anew(struct vip *vip)
{
	struct mono deadline = vrrp_deadline(&vip->fsm);

	if (!mono_is_never(deadline))
		set_tick(vip, deadline);
}

void vip_free(struct vip *vip)
{
	if (vip == NULL)
		return;
	if (vip->tenure.lease.held)
		vip_lease_end(vip, NULL);
	scribe_disown(&vip->writes);
	loop_timer_clear(vip->shared->loop, &vip->tick);
	place_clear(vip->shared->macvlans, vip->macvlans);
	free(vip);
}
