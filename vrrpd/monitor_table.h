/* SPDX-License-Identifier: MIT */
/*
 * The links and addresses of this host as the kernel has told of them. No I/O.
 *
 * A router may have ten thousand addresses that are none of ours, and each review of each vip asks here: addresses are
 * found by a hash, and stand by interface, the VIPs among them apart.
 */
#ifndef LBPAIR_VRRPD_MONITOR_TABLE_H
#define LBPAIR_VRRPD_MONITOR_TABLE_H

#include "common/pure/addr.h"
#include "common/pure/list.h"
#include "vrrpd/family.h"
#include "vrrpd/monitor_decode.h"

struct monitor_address {
	struct list in_place;
	struct monitor_address *next; /* of those whose hash is alike */
	int ifindex;
	struct prefix address;
	bool is_vip;
};

/* The addresses of an interface, in the kernel's order, new ones at the end. */
struct monitor_place {
	int ifindex;
	struct list own[FAMILY_COUNT];
	struct list vips;
};

struct monitor_table {
	struct monitor_link *links;
	size_t link_count;
	size_t link_capacity;
	struct monitor_place **places;
	size_t place_count;
	size_t place_capacity;
	struct monitor_address **buckets; /* by the hash of the IP */
	size_t bucket_count;              /* a power of two, or 0 */
	size_t address_count;
	bool failed; /* out of memory: something is missing */
};

void monitor_table_free(struct monitor_table *table);

/* NULL: there is none. */
struct monitor_link *monitor_table_find_link(const struct monitor_table *table, int ifindex);
struct monitor_address *monitor_table_find_address(
	const struct monitor_table *table, int ifindex, const struct prefix *address);
/* Any address of the interface; NULL: it has none. */
struct monitor_address *monitor_table_any_address(const struct monitor_table *table, int ifindex);

/* Of one that is not there yet. Out of memory: the table has `failed`. */
void monitor_table_add_link(struct monitor_table *table, const struct monitor_link *link);
void monitor_table_add_address(struct monitor_table *table, const struct monitor_change *change);
/* `context` is a table; adds what a dump tells of and is not there yet. */
void monitor_table_collect(void *context, const struct monitor_change *change);

/* Of one that a find has returned. */
void monitor_table_mark_address(struct monitor_table *table, struct monitor_address *address, bool is_vip);
void monitor_table_remove_link(struct monitor_table *table, struct monitor_link *link);
void monitor_table_remove_address(struct monitor_table *table, struct monitor_address *address);

/* As those of the monitor. */
struct monitor_link monitor_table_find(const struct monitor_table *table, const char *name);
MUST_USE bool monitor_table_source(const struct monitor_table *table, int ifindex, enum family family,
	const struct prefix *except, size_t except_count, struct ip *ret_ip);
MUST_USE bool monitor_table_find_unmarked(
	const struct monitor_table *table, int ifindex, const struct ip *ip, struct prefix *ret_address);
bool monitor_table_has(const struct monitor_table *table, const struct ip *ip);
MUST_USE bool monitor_table_find_neighbour(
	const struct monitor_table *table, const struct ip *ip, struct monitor_link *ret_link, struct ip *ret_own);

#endif
