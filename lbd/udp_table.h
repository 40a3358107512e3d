/* SPDX-License-Identifier: MIT */
/*
 * A worker's UDP sessions by their 5-tuple, and in the order of their last use. The table is made for so many sessions
 * and never grows. The hash is keyed: clients' addresses come from strangers. No I/O.
 */
#ifndef LBPAIR_LBD_UDP_TABLE_H
#define LBPAIR_LBD_UDP_TABLE_H

#include "common/pure/list.h"
#include "common/system/crypto_hash.h"

/* The listener stands for the protocol, the family and our port. All bytes are compared and hashed: no gaps. */
struct udp_key {
	uint8_t client[16];
	uint8_t local[16];
	uint32_t scope; /* of a link-local client: its interface */
	uint32_t port;
	uint32_t listener;
};
static_assert(sizeof(struct udp_key) == 44, "the key has a gap");

/* Embedded in a session. */
struct udp_entry {
	struct udp_entry *next; /* in its bucket */
	struct list order;
	struct udp_key key;
};

struct udp_table {
	struct udp_entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	size_t limit;
	struct list order; /* the one that rests longest is the first */
	struct crypto_hash *hash;
};

/* For `limit` sessions, at least one. -ENOMEM. */
MUST_USE int udp_table_init(struct udp_table *table, size_t limit);
/* The entries remain their owners'. */
void udp_table_free(struct udp_table *table);

static inline bool udp_table_is_full(const struct udp_table *table)
{
	return table->count >= table->limit;
}

/* NULL: there is none. */
struct udp_entry *udp_table_find(const struct udp_table *table, const struct udp_key *key);
/* Its key is set and not in the table, which is not full. It counts as used now. */
void udp_table_insert(struct udp_table *table, struct udp_entry *entry);
void udp_table_remove(struct udp_table *table, struct udp_entry *entry);
/* It is used now. */
void udp_table_touch(struct udp_table *table, struct udp_entry *entry);
/* The one that rests longest; NULL: the table is empty. */
struct udp_entry *udp_table_oldest(const struct udp_table *table);

#endif
