/* SPDX-License-Identifier: MIT */
#include "lbd/sources.h"

#include "common/system/crypto.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define WAYS 8
#define BUCKETS (SOURCES_PLACES / WAYS)
/* Each guards the buckets that are so many apart; nobody waits for long. */
#define LOCKS 256

struct source {
	sources_key key;
	/* Until when its rate is used up, if it comes no faster than that: now or earlier, and all of it is free. */
	struct mono busy_until;
	uint32_t open;
};

struct bucket {
	struct source list[WAYS];
};

struct sources {
	pthread_mutex_t locks[LOCKS];
	uint8_t hash_key[CRYPTO_HASH_KEY_SIZE];
	struct bucket *buckets;
};

int sources_new(struct sources **ret_sources)
{
	struct sources *sources = calloc(1, sizeof *sources);

	if (sources == NULL)
		return -ENOMEM;
	/* Memory that nobody has written to yet costs nothing. */
	sources->buckets = calloc(BUCKETS, sizeof *sources->buckets);
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&sources->locks[i], NULL);
	if (sources->buckets == NULL || crypto_random(sources->hash_key, sizeof sources->hash_key) < 0) {
		int r = sources->buckets == NULL ? -ENOMEM : -EIO;

		sources_free(sources);
		return r;
	}
	*ret_sources = sources;
	return 0;
}

void sources_free(struct sources *sources)
{
	if (sources == NULL)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&sources->locks[i]);
	free(sources->buckets);
	free(sources);
}

int sources_hash_new(const struct sources *sources, struct crypto_hash **ret_hash)
{
	return crypto_hash_new(sources->hash_key, ret_hash);
}

sources_key sources_key_of(struct crypto_hash *hash, uint32_t service, const struct ip *ip)
{
	struct {
		uint8_t network[8];
		uint32_t service;
		uint32_t family;
	} name = {.service = service, .family = ip->family};
	uint64_t key;

	static_assert(sizeof name == 16, "a gap would be hashed");
	/* All of an IPv4 address, and of an IPv6 address the first half. */
	memcpy(name.network, ip->bytes, sizeof name.network);
	key = crypto_hash(hash, &name, sizeof name);
	return key != SOURCES_NONE ? key : 1;
}

static struct bucket *lock_bucket(struct sources *sources, sources_key key)
{
	pthread_mutex_lock(&sources->locks[key % LOCKS]);
	return &sources->buckets[key % BUCKETS];
}

static void unlock_bucket(struct sources *sources, sources_key key)
{
	pthread_mutex_unlock(&sources->locks[key % LOCKS]);
}

static struct source *find(struct bucket *bucket, sources_key key)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (bucket->list[i].key == key)
			return &bucket->list[i];
	}
	return NULL;
}

/* The place of the source that is missed least; NULL: all have something open. */
static struct source *make_room(struct bucket *bucket)
{
	struct source *least = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		struct source *source = &bucket->list[i];

		if (source->open == 0 && (least == NULL || source->busy_until.ns < least->busy_until.ns))
			least = source;
	}
	return least;
}

/* One more connection of the source. False: it is too much. */
static bool take(struct source *source, const struct per_source_conf *limits, struct mono now)
{
	struct mono from = mono_reached(source->busy_until, now) ? now : source->busy_until;

	if (limits->connections > 0 && source->open >= limits->connections)
		return false;
	if (limits->rate > 0) {
		from = mono_add(from, NS_PER_S / limits->rate);
		if (mono_diff(from, now) > NS_PER_S)
			return false;
		source->busy_until = from;
	}
	source->open++;
	return true;
}

bool sources_enter(struct sources *sources, sources_key key, const struct per_source_conf *limits, struct mono now,
	sources_key *ret_key)
{
	struct bucket *bucket = lock_bucket(sources, key);
	struct source *source = find(bucket, key);
	bool taken = true;

	*ret_key = SOURCES_NONE;
	if (source == NULL) {
		source = make_room(bucket);
		if (source != NULL)
			*source = (struct source){.key = key, .busy_until = now};
	}
	if (source != NULL) {
		taken = take(source, limits, now);
		if (taken)
			*ret_key = key;
	}
	unlock_bucket(sources, key);
	return taken;
}

void sources_leave(struct sources *sources, sources_key key)
{
	struct source *source;

	if (key == SOURCES_NONE)
		return;
	source = find(lock_bucket(sources, key), key);
	assert(source != NULL && source->open > 0);
	source->open--;
	unlock_bucket(sources, key);
}
