/* SPDX-License-Identifier: MIT */
/*
 * One simulated host: its kernel (links, addresses, clock), and the processes vrrpd, its guardian and lbd, which fail
 * apart from each other. What vrrpd decides is decided by its own modules; only the doing is modelled here, as thin as
 * it is there: vip.c (vip.c, review.c, hearing.c of vrrpd), talk.c (talk.c, peer.c, lanwatch.c), plan.c (handover.c,
 * moves.c, maintenance.c), daemon.c (agent.c, forwarder.c), host.c (guard.c, and the world around).
 */
#ifndef LBPAIR_TESTS_SIM_NODE_H
#define LBPAIR_TESTS_SIM_NODE_H

#include "tests/sim/world.h"
#include "vrrpd/doubt.h"
#include "vrrpd/facts.h"
#include "vrrpd/fsm.h"
#include "vrrpd/group.h"
#include "vrrpd/hang.h"
#include "vrrpd/health.h"
#include "vrrpd/lan.h"
#include "vrrpd/lease.h"
#include "vrrpd/look.h"
#include "vrrpd/peer_session.h"
#include "vrrpd/retort.h"
#include "vrrpd/roll.h"
#include "vrrpd/senders.h"
#include "vrrpd/word.h"

struct sim_process {
	bool running;
	bool stopped;              /* SIGSTOP */
	struct mono stalled_until; /* it gets no time until then; {0}: it does */
	struct mono start_at;      /* when it is started next; MONO_NEVER: nobody does */
};

#define SIM_PATHS_MAX 2

enum sim_timer {
	TIMER_BEAT,
	TIMER_SILENCE, /* one for each path */
	TIMER_PULSE = TIMER_SILENCE + SIM_PATHS_MAX,
	TIMER_SAMPLE,
	TIMER_TRACK,
	TIMER_ROUND, /* there is more in the sockets */
	TIMER_COUNT,
};

/* Each vip has its own. */
enum sim_vip_timer {
	VIP_TIMER_TICK,
	VIP_TIMER_RENEWAL,
	VIP_TIMER_ANNOUNCEMENT,
	VIP_TIMER_PROBE,
	VIP_TIMER_REPEAT,
	VIP_TIMER_RETORT,
	VIP_TIMER_COUNT,
};

#define SIM_TIMERS_MAX (TIMER_COUNT + SIM_VIPS_MAX * VIP_TIMER_COUNT)
#define SIM_WAITING_MAX 256

struct sim_handover {
	bool pending;
	enum peer_kind kind; /* PEER_OFFER or PEER_ASK */
	bool dry_run;
	bool entering; /* it is a step into maintenance */
	uint64_t request;
	uint64_t asked; /* the peer's ask that this offer follows; 0: our own */
	struct mono limit;
};

/* One vip, and the LAN that it is on. */
struct sim_vip {
	struct sim_node *node;
	int index;
	struct vrrp_fsm fsm;
	struct health_fsm health;
	struct health_verdict verdict;
	struct senders senders;
	struct lease lease;
	struct mono link_ok_at;
	struct mono woke_at; /* it overslept, and is looking at what came meanwhile; {0}: not so */
	unsigned announcements_left;
	struct retort retort;
	struct group_condition condition;
	struct word word; /* the peer's last */
	bool lent;        /* given away for maintenance */

	struct lan lan;
	bool probing; /* its hosts are asked, until then */
	struct mono probe_until;

	struct sim_handover handover;
	uint64_t refused;  /* the last offer of the peer that was */
	uint64_t answered; /* the last ask of the peer that was answered, and how */
	bool answer;
};

struct sim_path {
	bool alive;
	struct mono silent_at; /* {0}: it is not, or was never heard */
	int net;
};

/* On the way into maintenance: first each vip is offered as if, then each is offered. */
struct sim_entering {
	bool trying;
	bool moving;
	bool refused;
	bool over; /* and the end of it is wanted already */
	int waiting;
};

/* The main process of vrrpd. */
struct sim_main {
	struct sim_process process;
	struct sim_vip vips[SIM_VIPS_MAX];
	bool stopping;
	bool maintenance;
	struct sim_entering entering;

	struct peer_session session;
	struct sim_path paths[SIM_PATHS_MAX];
	int path_count;
	bool alive; /* the peer, by any of them */
	struct mono heard_at;
	struct mono greeted_at;
	bool has_heartbeat;
	struct peer_message heartbeat;
	struct roll heard; /* what the peer says of its vips */
	uint32_t beats;

	unsigned lbd_watched; /* the run of lbd whose process is watched; 0: none is */
	bool lbd_hung;
	struct hang hang;
	struct liveness_state lbd;
	struct liveness_service service;
	struct track_score uplink;

	struct mono timers[SIM_TIMERS_MAX];
	int first_timer;                            /* -1: to be found out */
	struct sim_packet waiting[SIM_WAITING_MAX]; /* in the sockets of a process that gets no time */
	size_t waiting_count;
	struct mono lost_at; /* when one did not fit */
	struct look look;
	bool link_waiting; /* so is an event of a link or of an address */
	bool address_waiting[SIM_VIPS_MAX];
};

struct sim_guardian {
	struct sim_process process;
	int64_t threshold_ns;
	struct mono deadline;      /* when the main process counts as hung, or its death is acted on */
	struct mono stopped_since; /* the time in which the guardian itself did not run does not count */
};

struct sim_lbd {
	struct sim_process process;
	unsigned run; /* which of its starts this is, from 1 */
	struct mono started_at;
	uint64_t beats;
	bool bound;
	bool checked;
	bool service_up;        /* by its own checks */
	struct mono verdict_at; /* when its checks come to their next verdict; MONO_NEVER: it stays */
};

/* What the invariants want to know of a node beyond its state. */
struct sim_record {
	uint64_t claims;
	struct mono claimed_at;
	struct mono left_at; /* the last end of Active; {0}: there was none */
	int64_t wait_ns;     /* how long it must wait at least until it claims again; 0: taking it by consent is free */
	bool overslept;      /* another claimed meanwhile, and this one has not given way yet */
	bool may_take;       /* the last claim was made by consent */
	uint64_t offers;     /* of the vip to the peer, as planned, since the last claim */
	bool broke_hold;     /* claimed while health wanted it to hold back */
	bool was_ready;      /* lbd was bound and had checked its servers when it claimed */
	bool lapsed;         /* the lease or the guardian took the address, and no claim has come since */
	bool brought_back;   /* renewed what was taken */
	struct mono goodbye_at; /* priority 0 was taken in, and no other advert since; {0}: not so */
};

/* What a host has for each vip beside its processes: a link, an address, the words on the disk and for the guardian. */
struct sim_place {
	bool carrier;
	bool address;
	struct mono lease_end;
	bool published;
	bool kept_yielding;
	bool kept_lent;
};

struct sim_node {
	struct sim *sim;
	int index;
	struct ip source;
	enum vip_rollout rollout;
	int64_t real_offset_ns; /* CLOCK_REALTIME less the world's time */
	bool was_set;           /* that clock was stepped, at some time */

	/* The kernel. */
	bool frozen; /* the whole machine, and its network with it */
	bool off;    /* no power */
	struct sim_place places[SIM_VIPS_MAX];

	/* The disk, and the page that main and guardian share. */
	bool kept_maintenance;
	uint64_t kept_sequence;
	uint64_t kept_peer_sequence;
	uint64_t epoch;
	uint64_t sequence;

	struct sim_main main;
	struct sim_guardian guardian;
	struct sim_lbd lbd;
	int servers_lost; /* faults that keep its servers from it */
	int uplink_lost;  /* and that keep what it tracks */

	struct mono next; /* when the next thing happens to it by itself; {0}: to be found out */

	struct sim_record records[SIM_VIPS_MAX];
};

struct sim {
	struct sim_world world;
	struct pool_conf pool;
	struct conf conf;
	struct conf bare; /* the same without services */
	struct vip_conf vips[SIM_VIPS_MAX];
	struct prefix addresses[2]; /* of every vip, one of each family */
	struct sim_node nodes[SIM_NODES_MAX];
	/* The last planned failover of each vip that was confirmed: to whom; SIM_NOBODY after any fault. */
	int planned_to[SIM_VIPS_MAX];
};

void sim_init(struct sim *sim, const struct sim_setup *setup, uint64_t seed, bool trace);
void sim_free(struct sim *sim);

/* When the next thing happens by itself; MONO_NEVER does not occur. */
struct mono sim_deadline(struct sim *sim);
/* Lets happen what is due at sim->world.now: one thing. False: nothing (more) was due. */
bool sim_step(struct sim *sim);
/* To be called when something befell a node from outside. */
void sim_touch(struct sim *sim);

/* Faults and commands, at sim->world.now. */
enum sim_part {
	SIM_MAIN = 1 << 0,
	SIM_GUARDIAN = 1 << 1,
	SIM_FORWARDER = 1 << 2,
	SIM_ALL = SIM_MAIN | SIM_GUARDIAN | SIM_FORWARDER,
};
/* SIGKILL of all of `parts` at one moment. They are started again `back_ns` later; -1: as systemd and main do. */
void node_kill(struct sim_node *node, unsigned parts, int64_t back_ns);
/* SIGSTOP and SIGCONT. */
void node_stop(struct sim_node *node, unsigned parts);
void node_continue(struct sim_node *node, unsigned parts);
void node_stall(struct sim_node *node, unsigned parts, int64_t span_ns);
void node_freeze(struct sim_node *node, bool frozen);
void node_power(struct sim_node *node, bool on);
/* SIGTERM of vrrpd; it is started again after that time. */
void node_restart(struct sim_node *node, int64_t back_ns);
void node_set_carrier(struct sim_node *node, int vip, bool carrier);
void node_step_clock(struct sim_node *node, int64_t span_ns);
void node_delete_address(struct sim_node *node, int vip);
void node_lose_servers(struct sim_node *node, int step);
void node_lose_uplink(struct sim_node *node, int step);
/* Restarted with the next roll-out mode, where all others have come as far. */
void node_roll_out(struct sim_node *node, int64_t back_ns);
/* `lbctl failover VIP` and `lbctl maintenance` on this node. */
void node_failover(struct sim_node *node, int vip);
void node_set_maintenance(struct sim_node *node, bool on);

bool node_is_responsive(const struct sim_node *node, const struct sim_process *process);
/* Whether the node answers for the vip on the LAN: the address is here, and the machine runs. */
bool node_holds(const struct sim_node *node, int vip);
bool node_is_of_pair(const struct sim_node *node);
bool node_wants_lbd(const struct sim_node *node);
/* Whether they are one vip, or two of a group. */
bool sim_goes_with(const struct sim *sim, int vip, int other);
/* Whether a connection to the vip at this node would be served: lbd runs, is bound and finds a server. */
bool node_serves(const struct sim_node *node);
/* Whether signed adverts show their freshness by the clocks alone (the window is 5 s). */
bool sim_clocks_agree(const struct sim *sim, int a, int b);
/* lbd's word as vrrpd sees it. */
struct forwarder_view node_forwarder_view(const struct sim_node *node);

#endif
