/* SPDX-License-Identifier: MIT */
/*
 * One tracked thing that is watched, and the kinds of them: a kind is a file track_KIND.c and a row of the table in
 * tracker.c.
 */
#ifndef LBPAIR_VRRPD_WATCH_H
#define LBPAIR_VRRPD_WATCH_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/track.h"

#define WATCH_WHY_MAX 96

struct forwarder;
struct monitor;
struct runner;
struct watch;

struct watch_kind {
	const char *name; /* "interface": of the section track-interface */
	size_t offset;    /* of the list and its count in struct vip_conf */
	size_t count_offset;
	/* Says what is so at this moment, without a system call; NULL: the kind reports by itself. */
	void (*look)(struct watch *watch);
	/* Begins to report, and ends it; NULL where `look` is all. */
	int (*start)(struct watch *watch);
	void (*stop)(struct watch *watch);
};

struct watch {
	const struct watch_kind *kind;
	struct track_conf conf; /* the name is its own */
	struct loop *loop;
	const struct monitor *monitor;
	struct runner *runner;
	const struct forwarder *forwarder; /* NULL: no services are configured */
	/* A result, and in words what was found where it is bad. */
	void (*report)(struct watch *watch, bool good, const char *why);
	void *owner;
	void *own; /* the kind's */

	struct track_score score;
	char why[WATCH_WHY_MAX]; /* of the last bad result */
};

extern const struct watch_kind watch_interface;
extern const struct watch_kind watch_service;
extern const struct watch_kind watch_gateway;
extern const struct watch_kind watch_script;

#endif
