/* SPDX-License-Identifier: MIT */
/* What the parts of vrrpd's main process share; agent.h has its life, reports.h what they tell it. */
#ifndef LBPAIR_VRRPD_PARTS_H
#define LBPAIR_VRRPD_PARTS_H

#include "common/model/conf.h"
#include "common/shell/reload.h"
#include "vrrpd/forwarder.h"
#include "vrrpd/guardian.h"
#include "vrrpd/handover.h"
#include "vrrpd/herald.h"
#include "vrrpd/lanwatch.h"
#include "vrrpd/look.h"
#include "vrrpd/notify.h"
#include "vrrpd/peer.h"
#include "vrrpd/ports.h"
#include "vrrpd/recorder.h"
#include "vrrpd/runner.h"
#include "vrrpd/state.h"
#include "vrrpd/tracker.h"
#include "vrrpd/vip.h"

struct agent {
	struct conf *conf;
	const struct node_conf *self;
	const struct node_conf *other; /* NULL: the configuration has one node alone */
	const char *run_dir;
	const char *state_dir;

	struct loop *loop;
	struct guardian *guardian;
	struct runner *runner;
	struct keyring ring;
	struct recorder recorder;
	struct herald_news news;
	struct vip_shared shared;
	struct monitor *monitor;
	struct forwarder *forwarder; /* NULL: no services are configured */
	struct peer *peer;           /* NULL: no key, or no other node */
	struct tracker *tracker;
	struct handovers *handovers;
	struct notifier *notifier;
	struct lanwatch *lanwatch;
	struct reload *reload;
	struct vip **vips; /* each stays where it is, its timers with it */
	size_t vip_count;
	struct ports *ports;

	struct loop_io advert_io[FAMILY_COUNT];
	struct look look;
	struct loop_timer pulse;
	struct loop_timer finish_limit;
	struct mono saved_at;
	struct mono asked_at;
	unsigned noted;   /* what the round's end has to see to (round.h) */
	bool drift;       /* the peer's configuration is another, as it last said */
	bool maintenance; /* this node takes no vip */
	bool stopping;
	void (*finished)(void *context); /* what agent_finish was asked to call; NULL: nothing */
	void *finished_context;
};

/* Whether the nodes speak to each other: both have the key, and the other one speaks more than VRRP. */
bool agent_wants_peer(const struct node_conf *other, const struct key *key);
struct peer_conf agent_peer_conf(const struct conf *conf, const struct node_conf *self, const struct node_conf *other,
	const struct keyring *ring, const struct key *key);
/* NULL: there is none of that name. */
struct vip *agent_find_vip(struct agent *agent, const char *name);
/* What is to survive a restart has changed. */
void agent_save(struct agent *agent);
/* The guardian is told of the vips. */
void agent_publish(struct agent *agent);
/* The herald tells systemd how many vips are here. */
void agent_tell_systemd(struct agent *agent);

#endif
