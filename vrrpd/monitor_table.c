/* SPDX-License-Identifier: MIT */
#include "vrrpd/monitor_table.h"

#include "common/pure/hash.h"

#include <stdlib.h>
#include <string.h>

void monitor_table_free(struct monitor_table *table)
{
	for (size_t i = 0; i < table->bucket_count; i++) {
		while (table->buckets[i] != NULL) {
			struct monitor_address *address = table->buckets[i];

			table->buckets[i] = address->next;
			free(address);
		}
	}
	for (size_t i = 0; i < table->place_count; i++)
		free(table->places[i]);
	free(table->places);
	free(table->buckets);
	free(table->links);
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

static struct monitor_place *find_place(const struct monitor_table *table, int ifindex)
{
	for (size_t i = 0; i < table->place_count; i++) {
		if (table->places[i]->ifindex == ifindex)
			return table->places[i];
	}
	return NULL;
}

static uint64_t hash_of(const struct ip *ip)
{
	return hash_bytes(ip->bytes, ip_size(ip));
}

/* The first of those whose IP may be that one. */
static struct monitor_address *first_like(const struct monitor_table *table, const struct ip *ip)
{
	return table->bucket_count > 0 ? table->buckets[hash_of(ip) & (table->bucket_count - 1)] : NULL;
}

struct monitor_address *monitor_table_find_address(
	const struct monitor_table *table, int ifindex, const struct prefix *address)
{
	for (struct monitor_address *at = first_like(table, &address->ip); at != NULL; at = at->next) {
		if (at->ifindex == ifindex && at->address.length == address->length &&
			ip_equal(&at->address.ip, &address->ip))
			return at;
	}
	return NULL;
}

struct monitor_address *monitor_table_any_address(const struct monitor_table *table, int ifindex)
{
	const struct monitor_place *place = find_place(table, ifindex);

	if (place == NULL)
		return NULL;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		if (!list_is_empty(&place->own[family]))
			return LIST_ENTRY(place->own[family].next, struct monitor_address, in_place);
	}
	return list_is_empty(&place->vips) ? NULL : LIST_ENTRY(place->vips.next, struct monitor_address, in_place);
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

/* NULL: out of memory. */
static struct monitor_place *make_place(struct monitor_table *table, int ifindex)
{
	struct monitor_place *place = find_place(table, ifindex);
	void *items = table->places;

	if (place != NULL)
		return place;
	if (!grow(&items, table->place_count, &table->place_capacity, sizeof(struct monitor_place *)))
		return NULL;
	table->places = items;
	place = calloc(1, sizeof *place);
	if (place == NULL)
		return NULL;
	place->ifindex = ifindex;
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		list_init(&place->own[family]);
	list_init(&place->vips);
	table->places[table->place_count++] = place;
	return place;
}

static void put_in_bucket(struct monitor_table *table, struct monitor_address *address)
{
	struct monitor_address **bucket = &table->buckets[hash_of(&address->address.ip) & (table->bucket_count - 1)];

	address->next = *bucket;
	*bucket = address;
}

/* As many buckets as addresses, about. */
static bool grow_buckets(struct monitor_table *table)
{
	size_t before = table->bucket_count;
	struct monitor_address **old = table->buckets, **buckets;

	if (table->address_count < before)
		return true;
	buckets = calloc(MAX(before * 2, (size_t)64), sizeof(struct monitor_address *));
	if (buckets == NULL)
		return false;
	table->buckets = buckets;
	table->bucket_count = MAX(before * 2, (size_t)64);
	for (size_t i = 0; i < before; i++) {
		while (old[i] != NULL) {
			struct monitor_address *address = old[i];

			old[i] = address->next;
			put_in_bucket(table, address);
		}
	}
	free(old);
	return true;
}

static struct list *list_of(struct monitor_place *place, const struct monitor_address *address)
{
	return address->is_vip ? &place->vips : &place->own[family_of(&address->address.ip)];
}

void monitor_table_add_address(struct monitor_table *table, const struct monitor_change *change)
{
	struct monitor_place *place = make_place(table, change->ifindex);
	struct monitor_address *address = calloc(1, sizeof *address);

	if (place == NULL || address == NULL || !grow_buckets(table)) {
		free(address);
		table->failed = true;
		return;
	}
	address->ifindex = change->ifindex;
	address->address = change->address;
	address->is_vip = change->is_vip;
	list_append(list_of(place, address), &address->in_place);
	put_in_bucket(table, address);
	table->address_count++;
}

void monitor_table_mark_address(struct monitor_table *table, struct monitor_address *address, bool is_vip)
{
	if (address->is_vip == is_vip)
		return;
	address->is_vip = is_vip;
	list_remove(&address->in_place);
	list_append(list_of(find_place(table, address->ifindex), address), &address->in_place);
}

void monitor_table_remove_link(struct monitor_table *table, struct monitor_link *link)
{
	size_t behind = (size_t)(table->links + --table->link_count - link);

	memmove(link, link + 1, behind * sizeof *link);
}

void monitor_table_remove_address(struct monitor_table *table, struct monitor_address *address)
{
	struct monitor_address **at = &table->buckets[hash_of(&address->address.ip) & (table->bucket_count - 1)];

	while (*at != address)
		at = &(*at)->next;
	*at = address->next;
	list_remove(&address->in_place);
	table->address_count--;
	free(address);
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

	return family == FAMILY_IPV4 || prefix_contains(&link_local, &address->ip);
}

bool monitor_table_source(const struct monitor_table *table, int ifindex, enum family family,
	const struct prefix *except, size_t except_count, struct ip *ret_ip)
{
	const struct monitor_place *place = find_place(table, ifindex);
	const struct monitor_address *at;

	if (place == NULL)
		return false;
	LIST_FOR_EACH(at, &place->own[family], in_place)
	{
		if (can_be_source(&at->address, family) && !is_one_of(&at->address.ip, except, except_count)) {
			*ret_ip = at->address.ip;
			return true;
		}
	}
	return false;
}

bool monitor_table_find_unmarked(
	const struct monitor_table *table, int ifindex, const struct ip *ip, struct prefix *ret_address)
{
	for (const struct monitor_address *at = first_like(table, ip); at != NULL; at = at->next) {
		if (at->ifindex == ifindex && !at->is_vip && ip_equal(&at->address.ip, ip)) {
			*ret_address = at->address;
			return true;
		}
	}
	return false;
}

bool monitor_table_has(const struct monitor_table *table, const struct ip *ip)
{
	for (const struct monitor_address *at = first_like(table, ip); at != NULL; at = at->next) {
		if (ip_equal(&at->address.ip, ip))
			return true;
	}
	return false;
}

/* The host's own address in whose network `ip` lies, on that interface; NULL: there is none. */
static const struct monitor_address *find_near(const struct monitor_place *place, const struct ip *ip)
{
	const struct monitor_address *at;

	LIST_FOR_EACH(at, &place->own[family_of(ip)], in_place)
	{
		if (prefix_contains(&at->address, ip))
			return at;
	}
	return NULL;
}

bool monitor_table_find_neighbour(
	const struct monitor_table *table, const struct ip *ip, struct monitor_link *ret_link, struct ip *ret_own)
{
	for (size_t i = 0; i < table->place_count && !ip_is_link_local(ip); i++) {
		const struct monitor_link *link = monitor_table_find_link(table, table->places[i]->ifindex);
		const struct monitor_address *near = link != NULL ? find_near(table->places[i], ip) : NULL;

		if (near == NULL)
			continue;
		*ret_link = *link;
		*ret_own = near->address.ip;
		return true;
	}
	return false;
}
