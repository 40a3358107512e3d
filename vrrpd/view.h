/* SPDX-License-Identifier: MIT */
/*
 * What is known of the vips and the peer at one moment, as a copy that another thread may read: plain values, texts in
 * buffers of their own, literals, and pointers into a configuration that it holds a reference to. The thread of the
 * adverts only copies; what becomes of it (JSON, sentences) is made elsewhere.
 */
#ifndef LBPAIR_VRRPD_VIEW_H
#define LBPAIR_VRRPD_VIEW_H

#include "vrrpd/parts.h"
#include "vrrpd/rival.h"
#include "vrrpd/watch.h"

struct view_track {
	const char *kind; /* NULL: there is none */
	const char *name;
	enum track_state state;
	unsigned penalty; /* TRACK_PENALTY_FAULT: fault */
	char why[WATCH_WHY_MAX];
};

struct view_vip {
	const struct vip_conf *conf;
	struct vrrp_fsm fsm;
	struct vip_counters counters;
	char link_fault[VIP_FAULT_MAX]; /* "": there is none */
	struct health_verdict verdict;
	enum peer_vip_state peer_state;
	bool conflict;
	enum doubt_alarm lan_alarm;
	struct ip heard_source;
	char rival[RIVAL_TEXT_MAX];   /* "": none */
	char misfit[MISFIT_TEXT_MAX]; /* "": no adverts are refused */
	bool list_differs;            /* of the last advert that was taken */
	bool interval_differs;
	struct view_track failed; /* the first thing tracked that is down */
	struct view_track fault;  /* and the first of those that the vip cannot do without */
	size_t first_track;
	size_t track_count;
};

struct view {
	/* The reader's: room for so many, whose contents are the copy's. */
	struct view_vip *vips;
	size_t vip_capacity;
	struct view_track *tracks;
	size_t track_capacity;

	struct conf *conf; /* a reference; NULL: nothing has been copied */
	const struct node_conf *self;
	const struct node_conf *other; /* NULL: there is none */
	bool maintenance;
	bool drift;
	pid_t guardian;
	size_t vip_count;
	size_t track_count;

	bool has_forwarder; /* one is wanted */
	bool forwarder_checked;
	const char *forwarder_why; /* a literal: what is wrong with it; NULL: nothing */

	bool has_peer; /* the nodes share a key */
	bool peer_alive;
	bool peer_known; /* it has sent a heartbeat */
	char peer_hash[PEER_CONFIG_HASH_SIZE];
	struct peer_path paths[PEER_PATHS_MAX];
	size_t path_count;
	uint64_t peer_discarded;
	bool offset_known;
	int64_t offset_ns; /* the peer's clock minus ours */
};

/* The copy of one vip, without its list of tracks. */
void view_copy_vip(const struct agent *agent, const struct vip *vip, struct view_vip *ret_vip);
/*
 * Fills a view that has been cleared. -ENOSPC: there is too little room; vip_count and track_count say what is wanted,
 * the rest of it is to be passed over.
 */
MUST_USE int view_copy(struct agent *agent, struct view *view);

/* The reader's: makes the room that is wanted. -ENOMEM. */
MUST_USE int view_grow(struct view *view);
/* Gives the configuration back, and keeps the room. */
void view_clear(struct view *view);
void view_free(struct view *view);

#endif
