/* SPDX-License-Identifier: MIT */
/*
 * Listens to what hosts say of their addresses on the LANs of the vips, and asks when that is wanted (DESIGN section
 * 5.4): lan.c judges. Besides, it hears who else claims to have a VIP.
 */
#ifndef LBPAIR_VRRPD_LANWATCH_H
#define LBPAIR_VRRPD_LANWATCH_H

#include "common/model/conf.h"
#include "common/system/loop.h"
#include "vrrpd/lan.h"
#include "vrrpd/neighbour.h"
#include "vrrpd/peermsg.h"

struct monitor;
struct vip;
struct lanwatch;

struct lanwatch_setup {
	struct loop *loop;
	const struct conf *conf;
	const struct monitor *monitor;
	int announce_fd; /* to ask by */
	/* Somebody on the interface, it may be this node, says that an address is his. Whether it is one of a vip. */
	bool (*claimed)(void *context, int ifindex, const struct neighbour_word *word);
	void *context;
};

/* Needs CAP_NET_RAW. Negative errno of socket(2). */
MUST_USE int lanwatch_new(const struct lanwatch_setup *setup, struct lanwatch **ret_watch);
/* Accepts NULL. */
void lanwatch_free(struct lanwatch *watch);

/* Another configuration; what is known of interfaces that both have stays. -ENOMEM: nothing has changed. */
MUST_USE int lanwatch_reload(struct lanwatch *watch, const struct conf *conf);

/* The hosts of that interface's LAN are to be asked from now on; the wish lapses when it is not renewed. */
void lanwatch_want(struct lanwatch *watch, const char *interface);
/* Says in the heartbeat who this node is on its LANs. */
void lanwatch_fill(const struct lanwatch *watch, struct peer_message *heartbeat);
/* Who the peer is there; what it asks for, and what answers it, of the vips that are active here. */
void lanwatch_take(struct lanwatch *watch, const struct peer_message *heartbeat, struct vip *const *vips, size_t count);

/* What is known of the interface's LAN, and the interval of the questions there. NULL: no vip is on it. */
const struct lan *lanwatch_lan(const struct lanwatch *watch, const char *interface, int64_t *ret_interval_ns);
/* Of the interface's LAN; see lan.h. False where no vip is on it. */
bool lanwatch_is_heard(const struct lanwatch *watch, const char *interface);
bool lanwatch_is_silent(const struct lanwatch *watch, const char *interface);
bool lanwatch_is_mute(const struct lanwatch *watch, const char *interface);
bool lanwatch_is_dead(const struct lanwatch *watch, const char *interface);
bool lanwatch_answering(const struct lanwatch *watch, const char *interface, struct ip *ret_ip);

#endif
