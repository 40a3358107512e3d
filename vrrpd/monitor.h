/* SPDX-License-Identifier: MIT */
/* Events of links and addresses from the kernel, by libmnl (rtnetlink(7)), and the state of interfaces by name. */
#ifndef LBPAIR_VRRPD_MONITOR_H
#define LBPAIR_VRRPD_MONITOR_H

#include "common/pure/addr.h"
#include "common/system/loop.h"

#include <net/if.h>

#define MONITOR_MAC_SIZE 6

struct monitor_link {
	int ifindex; /* 0: there is no such interface */
	char name[IF_NAMESIZE];
	bool up;      /* administratively */
	bool carrier; /* IFF_RUNNING and IFF_LOWER_UP */
	uint8_t mac[MONITOR_MAC_SIZE];
};

struct monitor;

struct monitor_events {
	/* A link is new, has changed, or (ifindex 0, the name set) is gone. A renamed link is gone under its old name
	 * first. */
	void (*on_link)(void *context, const struct monitor_link *link);
	/* An address was added or removed, by whomever. */
	void (*on_address)(void *context, int ifindex, const struct prefix *address, bool added);
	/* Events were lost (ENOBUFS): everything is to be looked at again; monitor_find tells the truth by then. */
	void (*on_overrun)(void *context);
};

/* Subscribes, then reads the present state; the events of that first reading are not reported. */
MUST_USE int monitor_new(
	struct loop *loop, const struct monitor_events *events, void *context, struct monitor **ret_monitor);
void monitor_free(struct monitor *monitor);

/* The present state of the interface of that name; ifindex 0 in the result when there is none. No system call. */
struct monitor_link monitor_find(const struct monitor *monitor, const char *name);
/* The first IPv4 address of the interface that is not one of `except` (its primary address); false: none. No system
 * call. */
MUST_USE bool monitor_primary_ipv4(const struct monitor *monitor, int ifindex, const struct prefix *except,
	size_t except_count, struct ip *ret_ip);

#endif
