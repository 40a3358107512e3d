/* SPDX-License-Identifier: MIT */
#include "lbd/udp_table.h"

#include <errno.h>
#include <string.h>

int udp_table_init(struct udp_table *table, size_t limit)
{
	size_t count = 1;

	assert(limit > 0);
	while (count < limit)
		count *= 2;
	*table = (struct udp_table){.bucket_count = count, .limit = limit};
	list_init(&table->order);
	table->buckets = calloc(count, sizeof(struct udp_entry *));
	return table->buckets == NULL ? -ENOMEM : crypto_hash_new(NULL, &table->hash);
}

void udp_table_free(struct udp_table *table)
{
	crypto_hash_free(table->hash);
	free(table->buckets);
	*table = (struct udp_table){0};
}

static struct udp_entry **bucket_of(const struct udp_table *table, const struct udp_key *key)
{
	return &table->buckets[crypto_hash(table->hash, key, sizeof *key) & (table->bucket_count - 1)];
}

struct udp_entry *udp_table_find(const struct udp_table *table, const struct udp_key *key)
{
	struct udp_entry *entry = *bucket_of(table, key);

	while (entry != NULL && memcmp(&entry->key, key, sizeof *key) != 0)
		entry = entry->next;
	return entry;
}

void udp_table_insert(struct udp_table *table, struct udp_entry *entry)
{
	struct udp_entry **bucket = bucket_of(table, &entry->key);

	assert(!udp_table_is_full(table));
	entry->next = *bucket;
	*bucket = entry;
	list_append(&table->order, &entry->order);
	table->count++;
}

void udp_table_remove(struct udp_table *table, struct udp_entry *entry)
{
	struct udp_entry **at = bucket_of(table, &entry->key);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	list_remove(&entry->order);
	table->count--;
}

void udp_table_touch(struct udp_table *table, struct udp_entry *entry)
{
	list_remove(&entry->order);
	list_append(&table->order, &entry->order);
}

struct udp_entry *udp_table_oldest(const struct udp_table *table)
{
	return list_is_empty(&table->order) ? NULL : LIST_ENTRY(table->order.next, struct udp_entry, order);
}
