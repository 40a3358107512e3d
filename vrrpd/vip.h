/* SPDX-License-Identifier: MIT */
/*
 * One vip at work: carries out what its state machine decides (addresses as leases, adverts, gratuitous ARP), keeps its
 * timers and counts. All decisions are in fsm.c, health.c and replay.c.
 */
#ifndef LBPAIR_VRRPD_VIP_H
#define LBPAIR_VRRPD_VIP_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/address.h"
#include "vrrpd/advert.h"
#include "vrrpd/fence.h"
#include "vrrpd/fsm.h"
#include "vrrpd/health.h"
#include "vrrpd/lease.h"
#include "vrrpd/monitor.h"
#include "vrrpd/peermsg.h"
#include "vrrpd/rawsock.h"
#include "vrrpd/recorder.h"
#include "vrrpd/senders.h"

struct vip;

/* What all vips of the process use; owned by the agent. */
struct vip_shared {
	struct loop *loop;
	struct address_socket *addresses;
	int announce_fd;
	struct rawsock rawsock;
	struct fence *fence;
	const struct keyring *ring;
	const struct key *key;  /* to sign with; NULL: none */
	uint64_t kept_sequence; /* the highest that an earlier run accepted of the peer */
	struct recorder *recorder;
	void *context;
	/* What is published in the fence page no longer holds; called before addresses are installed and after they
	 * went. */
	void (*publish)(void *context);
	/* The state has changed. */
	void (*moved)(void *context, struct vip *vip, enum vrrp_state from);
	/* lbd is to end the vip's connections: its addresses are about to go. */
	void (*release)(void *context, struct vip *vip);
	/* The process woke late: everything that waits in sockets is to be taken in. Whether the peer was heard then.
	 */
	bool (*catch_up)(void *context);
};

struct vip_counters {
	uint64_t adverts_sent;
	uint64_t adverts_received;
	uint64_t transitions;
	uint64_t discarded[ADVERT_DISCARD_COUNT];
};

struct vip {
	const struct vip_conf *conf;
	struct vip_shared *shared;
	struct vrrp_fsm fsm;
	struct vip_counters counters;
	struct monitor_link link; /* as the state machine knows it: the one that the addresses are on */
	struct mono link_ok_at;   /* since when it has been usable without a break */
	struct health_fsm health;
	struct health_verdict verdict;
	uint32_t peer_id;               /* the vip's name in heartbeats */
	enum peer_vip_state peer_state; /* what the peer last said of it */
	bool peer_missed;               /* as a backup that heard no adverts */
	struct senders senders;
	struct ip heard_source; /* of the last accepted advert */
	bool lent;              /* it was given away for maintenance, and not otherwise */

	struct loop_timer tick;
	struct mono advert_sent_at;
	int send_error; /* of the last advert; 0: it went out */

	struct loop_timer renewal;
	struct lease lease;

	struct loop_timer announcement;
	unsigned announcements_left; /* of the burst; 0: the refresh is next */
};

/* `priority` is the configured one of this node; `yielding` what the state file says. */
void vip_init(struct vip *vip, const struct vip_conf *conf, uint8_t priority, bool yielding, struct vip_shared *shared);
/* Gives the event to the state machine, and does what it says. */
void vip_step(struct vip *vip, const struct vrrp_event *event);
void vip_event(struct vip *vip, enum vrrp_event_kind kind);
/* An advert for this vip, decoded; it is verified here. */
void vip_receive(
	struct vip *vip, const struct advert_packet *packet, const struct advert_received *received, int64_t age_ns);
/* One of the addresses has gone from the interface, by whomever. */
void vip_address_gone(struct vip *vip, const struct prefix *address);
/* A fresh datagram of the peer: of that session, the last sequence that it had signed, and its time of day. */
void vip_prove_clock(struct vip *vip, uint64_t session, uint64_t sequence, int64_t peer_real_ns);
/* The highest sequence that was accepted or proven; 0: none. */
uint64_t vip_highest_sequence(const struct vip *vip);
/* Removes the addresses if they are held and clears all timers. */
void vip_close(struct vip *vip);

/* What the guardian has to know; points into `vip`. */
struct fence_vip vip_fence_entry(const struct vip *vip);

#endif
