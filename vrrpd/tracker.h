/* SPDX-License-Identifier: MIT */
/*
 * Watches what the vips track, each thing once however many vips track it, and sums it up for each vip (track.h has the
 * rules). Nothing of it blocks: links and services are looked up, gateways asked and programs run beside the adverts.
 */
#ifndef LBPAIR_VRRPD_TRACKER_H
#define LBPAIR_VRRPD_TRACKER_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/track.h"

struct forwarder;
struct monitor;
struct runner;
struct tracker;

struct tracker_setup {
	struct loop *loop;
	const struct conf *conf;
	const struct monitor *monitor;
	struct runner *runner;
	const struct forwarder *forwarder; /* NULL: no services are configured */
	/* A tracked thing changed its state; `why` is what was found where it is down. */
	void (*changed)(void *context, const char *kind, const char *name, enum track_state state, const char *why);
	void *context;
};

/* One of the things that a vip tracks; valid until the next round. */
struct tracker_entry {
	const char *kind; /* a literal, "interface" */
	const char *name; /* the configuration's */
	enum track_state state;
	unsigned penalty; /* 0: fault */
	const char *why;  /* of a failure; "": none */
};

MUST_USE int tracker_new(const struct tracker_setup *setup, struct tracker **ret_tracker);
/* Accepts NULL. */
void tracker_free(struct tracker *tracker);

/*
 * The tracker of another configuration: what both track alike is watched on, with its results, and what is tracked
 * otherwise now starts with the last result. Until tracker_succeed, which frees the former one, `tracker` is the one in
 * use, and the next may be freed instead; the loop does not run in between.
 */
MUST_USE int tracker_next(
	struct tracker *tracker, const struct conf *conf, const struct forwarder *forwarder, struct tracker **ret_next);
void tracker_succeed(struct tracker *next);

/* Looks at what is only looked at. No system call. */
void tracker_look(struct tracker *tracker);
struct track_sum tracker_sum(const struct tracker *tracker, const struct vip_conf *vip);
size_t tracker_count(const struct tracker *tracker, const struct vip_conf *vip);
struct tracker_entry tracker_entry(const struct tracker *tracker, const struct vip_conf *vip, size_t i);

#endif
