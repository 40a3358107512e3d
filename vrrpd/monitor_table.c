/* SPDX-License-Identifier: MIT */
#include "vrrpd/monitor_table.h"

#include <stdlib.h>
#include <string.h>

void monitor_table_free(struct monitor_table *table)
{
	free(table->links);
	free(table->addresses);
	*table = (struct monitor_table){0};
}

/* Makes room for one more; false: out of memory. */
static bool grow(void **items, size_t count, size_t *capacity, size_t item_size)
{
	size_t wanted = MAX((size_t)16, *capacity * 2);
	void *grown;

	if (count < *capacity)
		return true;
	grown = reallocarray(*items, wanted, item_size);
	if (grown == NULL)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}

struct monitor_link *monitor_table_find_link(const struct monitor_table *table, int ifindex)
{
	for (size_t i = 0; i < table->link_count; i++) {
		if (table->links[i].ifindex == ifindex)
			return &table->links[i];
	}
	return NULL;
}

struct monitor_address *monitor_table_find_address(
	const struct monitor_table *table, int ifindex, const struct prefix *address)
{
	for (size_t i = 0; i < table->address_count; i++) {
		struct monitor_address *at = &table->addresses[i];

		if (at->ifindex == ifindex && at->address.length == address->length &&
			ip_equal(&at->address.ip, &address->ip))
			return at;
	}
	return NULL;
}

void monitor_table_add_link(struct monitor_table *table, const struct monitor_link *link)
{
	void *items = table->links;

	if (!grow(&items, table->link_count, &table->link_capacity, sizeof *link)) {
		table->failed = true;
		return;
	}
	table->links = items;
	table->links[table->link_count++] = *link;
}

void monitor_table_add_address(struct monitor_table *table, const struct monitor_change *change)
{
	void *items = table->addresses;

	if (!grow(&items, table->address_count, &table->address_capacity, sizeof *table->addresses)) {
		table->failed = true;
		return;
	}
	table->addresses = items;
	table->addresses[table->address_count++] = (struct monitor_address){
		.ifindex = change->ifindex,
		.address = change->address,
		.is_vip = change->is_vip,
	};
}

void monitor_table_remove_link(struct monitor_table *table, struct monitor_link *link)
{
	size_t behind = (size_t)(table->links + --table->link_count - link);

	memmove(link, link + 1, behind * sizeof *link);
}

void monitor_table_remove_address(struct monitor_table *table, struct monitor_address *address)
{
	size_t behind = (size_t)(table->addresses + --table->address_count - address);

	memmove(address, address + 1, behind * sizeof *address);
}

void monitor_table_collect(void *context, const struct monitor_change *change)
{
	struct monitor_table *table = context;

	if (change->kind == MONITOR_LINK && monitor_table_find_link(table, change->link.ifindex) == NULL)
		monitor_table_add_link(table, &change->link);
	else if (change->kind == MONITOR_ADDRESS &&
		 monitor_table_find_address(table, change->ifindex, &change->address) == NULL)
		monitor_table_add_address(table, change);
}

struct monitor_link monitor_table_find(const struct monitor_table *table, const char *name)
{
	for (size_t i = 0; i < table->link_count; i++) {
		if (strcmp(table->links[i].name, name) == 0)
			return table->links[i];
	}
	return (struct monitor_link){0};
}

static bool is_one_of(const struct ip *ip, const struct prefix *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ip_equal(ip, &list[i].ip))
			return true;
	}
	return false;
}

static bool can_be_source(const struct prefix *address, enum family family)
{
	static const struct prefix link_local = {.ip = {.family = AF_INET6, .bytes = {0xfe, 0x80}}, .length = 10};

	return family == FAMILY_IPV4 ? address->ip.family == AF_INET : prefix_contains(&link_local, &address->ip);
}

bool monitor_table_source(const struct monitor_table *table, int ifindex, enum family family,
	const struct prefix *except, size_t except_count, struct ip *ret_ip)
{
	for (size_t i = 0; i < table->address_count; i++) {
		const struct monitor_address *at = &table->addresses[i];

		if (at->ifindex == ifindex && !at->is_vip && can_be_source(&at->address, family) &&
			!is_one_of(&at->address.ip, except, except_count)) {
			*ret_ip = at->address.ip;
			return true;
		}
	}
	return false;
}

bool monitor_table_find_unmarked(
	const struct monitor_table *table, int ifindex, const struct ip *ip, struct prefix *ret_address)
{
	for (size_t i = 0; i < table->address_count; i++) {
		const struct monitor_address *at = &table->addresses[i];

		if (at->ifindex == ifindex && !at->is_vip && ip_equal(&at->address.ip, ip)) {
			*ret_address = at->address;
			return true;
		}
	}
	return false;
}

bool monitor_table_has(const struct monitor_table *table, const struct ip *ip)
{
	for (size_t i = 0; i < table->address_count; i++) {
		if (ip_equal(&table->addresses[i].address.ip, ip))
			return true;
	}
	return false;
}

bool monitor_table_find_neighbour(
	const struct monitor_table *table, const struct ip *ip, struct monitor_link *ret_link, struct ip *ret_own)
{
	for (size_t i = 0; i < table->address_count; i++) {
		const struct monitor_address *at = &table->addresses[i];
		const struct monitor_link *link = monitor_table_find_link(table, at->ifindex);

		if (at->is_vip || link == NULL || ip_is_link_local(ip) || !prefix_contains(&at->address, ip))
			continue;
		*ret_link = *link;
		*ret_own = at->address.ip;
		return true;
	}
	return false;
}
