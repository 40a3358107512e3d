/* SPDX-License-Identifier: MIT */
/* Events of links and addresses from the kernel, by libmnl (rtnetlink(7)), and the state of interfaces by name. */
#ifndef LBPAIR_VRRPD_MONITOR_H
#define LBPAIR_VRRPD_MONITOR_H

#include "common/pure/addr.h"
#include "common/system/loop.h"
#include "vrrpd/family.h"
#include "vrrpd/monitor_decode.h"

struct monitor;

struct monitor_events {
	/*
	 * A link is new, has changed, or (ifindex 0, the name set) is gone. A renamed link is gone under its old name
	 * first.
	 */
	void (*on_link)(void *context, const struct monitor_link *link);
	/* An address was added or removed, by whomever; a renewal is neither. */
	void (*on_address)(void *context, int ifindex, const struct prefix *address, bool added);
	/* Events were lost: everything is to be looked at again; monitor_find tells the truth by then. */
	void (*on_overrun)(void *context);
};

/*
 * Subscribes, then reads the present state; the events of that first reading are not reported. The monitor must not be
 * freed from within one of its callbacks.
 */
MUST_USE int monitor_new(
	struct loop *loop, const struct monitor_events *events, void *context, struct monitor **ret_monitor);
/* Accepts NULL. */
void monitor_free(struct monitor *monitor);

/* The present state of the interface of that name; ifindex 0 in the result when there is none. No system call. */
struct monitor_link monitor_find(const struct monitor *monitor, const char *name);
struct monitor_link monitor_find_index(const struct monitor *monitor, int ifindex);
/*
 * The address of the interface that adverts come from: the first IPv4 address, or the first IPv6 link-local one, that
 * is neither one of `except` nor marked as a VIP (address.h). False: none. No system call.
 */
MUST_USE bool monitor_source(const struct monitor *monitor, int ifindex, enum family family,
	const struct prefix *except, size_t except_count, struct ip *ret_ip);

/*
 * One that somebody else has put onto that interface: the same address without the mark of a VIP, in whatever network.
 * False: there is none. No system call.
 */
MUST_USE bool monitor_find_unmarked(
	const struct monitor *monitor, int ifindex, const struct ip *ip, struct prefix *ret_address);
/* Whether it is an address of this host, of whatever interface. No system call. */
bool monitor_has(const struct monitor *monitor, const struct ip *ip);
/*
 * The interface in whose network `ip` lies, and the address of this host there that is no VIP. False: `ip` is behind a
 * router, or link-local, which may be on any. No system call.
 */
MUST_USE bool monitor_find_neighbour(
	const struct monitor *monitor, const struct ip *ip, struct monitor_link *ret_link, struct ip *ret_own);

#endif
