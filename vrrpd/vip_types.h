/* SPDX-License-Identifier: MIT */
/* One vip at work, and what all vips of the process share. */
#ifndef LBPAIR_VRRPD_VIP_TYPES_H
#define LBPAIR_VRRPD_VIP_TYPES_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/advert.h"
#include "vrrpd/doubt.h"
#include "vrrpd/family.h"
#include "vrrpd/fence.h"
#include "vrrpd/fsm.h"
#include "vrrpd/group.h"
#include "vrrpd/health.h"
#include "vrrpd/misfit.h"
#include "vrrpd/monitor.h"
#include "vrrpd/peermsg.h"
#include "vrrpd/rawsock.h"
#include "vrrpd/recorder.h"
#include "vrrpd/retort.h"
#include "vrrpd/senders.h"
#include "vrrpd/tenure.h"
#include "vrrpd/track.h"
#include "vrrpd/word.h"
#include "vrrpd/scribe.h"

struct handover;
struct port;
struct vip;

/* What all vips of the process use; owned by the agent. */
struct vip_shared {
	struct loop *loop;
	struct scribe *scribe;
	uint64_t tenures; /* so many have begun */
	struct macvlan_socket *macvlans;
	int announce_fd;
	struct rawsock sockets[FAMILY_COUNT]; /* fd -1: no vip wants it */
	struct fence *fence;
	const struct node_conf *other; /* NULL: there is none */
	const struct keyring *ring;
	const struct key *key;  /* to sign with; NULL: none */
	bool renews_together;   /* the vips' leases; few addresses (lease.h) */
	uint64_t kept_sequence; /* the highest that an earlier run accepted of the peer */
	struct recorder *recorder;
	void *context;
	/* What is published in the fence page no longer holds. */
	void (*publish)(void *context);
	/* It has to hold now: addresses are about to be installed. */
	void (*settle)(void *context);
	/* The addresses were taken away, or their lease has lapsed. */
	void (*fenced)(void *context, struct vip *vip);
	/* The addresses are gone, after the state has changed. */
	void (*left)(void *context);
	/* The state has changed. */
	void (*moved)(void *context, struct vip *vip, enum vrrp_state from);
	/* What the state file says no longer holds. */
	void (*keep)(void *context);
	/* lbd is to end the vip's connections: its addresses are about to go. */
	void (*release)(void *context, struct vip *vip);
	/* Takes in what had arrived by `due`. False: not all of it yet, ask again when what is due has been done. */
	bool (*look)(void *context, struct mono due);
	/* The process slept until then: whether nothing has been heard since of a peer that was heard before. */
	bool (*is_blind)(void *context, struct mono since);
	/* When adverts were last lost because nobody took them in; {0}: never. */
	struct mono (*lost_at)(void *context);
};

struct vip_counters {
	uint64_t adverts_sent;
	uint64_t adverts_received;
	uint64_t checksums[ADVERT_CHECKSUM_COUNT]; /* of those, version 3 over IPv4: by their form */
	uint64_t transitions;
	uint64_t discarded[ADVERT_DISCARD_COUNT];
	int64_t late_max_ns; /* how late an advert was at most, by its timer, while active */
};

struct vip {
	const struct vip_conf *conf;
	struct vip_shared *shared;
	struct vrrp_fsm fsm;
	struct vip_counters counters;
	struct port *port;        /* the interface that it is on (ports.h) */
	struct monitor_link link; /* as the state machine knows it: the one that the addresses are on */
	struct group_condition condition;
	const char *link_why;       /* what is wrong with its interface, a literal; NULL: nothing */
	enum doubt_alarm lan_alarm; /* what it cannot decide of its LAN */
	struct mono unnamed_at;     /* since when the interface has no address to send from; {0}: it has */
	struct mono deletions_since;
	unsigned deletions_told; /* since then */
	struct mono link_ok_at;  /* since when it has been usable without a break */
	struct health_fsm health;
	struct health_verdict verdict;
	uint32_t peer_id;          /* the vip's name in heartbeats */
	struct word word;          /* the peer's last */
	struct handover *handover; /* the planned failover that is under way; NULL: none */
	struct senders senders;
	int macvlans[FAMILY_COUNT];      /* with a virtual MAC, where the addresses sit; 0: there is none */
	int place_error;                 /* why there is none */
	struct ip sources[FAMILY_COUNT]; /* what its adverts are sent from; family 0: none */
	bool lent;                       /* it was given away for maintenance, and not otherwise */
	struct ip heard_source;          /* of the last accepted advert */
	uint8_t heard_forms;             /* of IPv4 adverts that were accepted: a bit for each enum advert_checksum */
	struct misfit_difference other_list;
	struct misfit_difference other_interval;
	struct misfit misfit; /* adverts that are refused */
	struct vip_rival {
		uint8_t mac[6]; /* of a host that says that it has an address of the vip */
		bool told;
		struct retort retort;
		struct loop_timer due;
	} lan_rival;
	struct mono moved_at;    /* the state changed */
	struct mono rival_since; /* a rival has been heard since, where it is in conflict */
	bool rival_told;

	struct loop_timer tick;
	struct mono woke_at; /* it overslept, and is looking at what came meanwhile; {0}: not so */
	struct mono advert_sent_at;
	int send_error; /* of the last advert; 0: it went out */

	struct loop_timer renewal;
	struct tenure tenure;
	struct mono leaving_until; /* the addresses are about to go, and until then the vip is said to be active */
	struct list writes;        /* orders that are out (scribe.h) */

	struct loop_timer announcement;
	unsigned announcements_left; /* of the burst; 0: the refresh is next */
};

#endif
